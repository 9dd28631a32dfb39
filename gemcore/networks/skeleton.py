"""What surrounds a cell in a network: how wide its copies are, how many, and where they shrink."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gemcore.arguments import check_in, check_int, check_type


@dataclass(frozen=True)
class Stage:
    """A run of copies of the cell that share one width.

    Args:
        width: Channels that every node of these copies emits, >= 1.
        num_cells: How many copies follow one another, >= 1.
        reduces: Whether the first copy halves height and width (rounded up) at its input.

    Example:
        >>> list(Stage(width=32, num_cells=3, reduces=True).reductions)
        [True, False, False]
    """

    width: int
    num_cells: int = 1
    reduces: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", check_int("width", self.width, 1))
        object.__setattr__(self, "num_cells", check_int("num_cells", self.num_cells, 1))
        check_type("reduces", self.reduces, bool)

    @property
    def reductions(self) -> Iterator[bool]:
        """For each copy of the cell, whether it reduces."""
        return (self.reduces and i == 0 for i in range(self.num_cells))


@dataclass(frozen=True)
class Skeleton:
    """A network without its cell: a stem, stages of copies of the cell, and a head.

    The stem is a 3x3 convolution with batch normalization and ReLU; the head is global average
    pooling and a linear classifier.

    Args:
        stem_width: Channels that the stem emits, >= 1.
        stages: At least one.

    Example:
        >>> [stage.width for stage in Skeleton.preset("proxy", width=8).stages]
        [8, 16, 32]
    """

    stem_width: int
    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "stem_width", check_int("stem_width", self.stem_width, 1))
        check_type("stages", self.stages, (tuple, list))
        object.__setattr__(self, "stages", tuple(self.stages))
        if not self.stages:
            raise ValueError("stages must hold at least one stage, got none")
        for i, stage in enumerate(self.stages):
            check_type(f"stages[{i}]", stage, Stage)

    @classmethod
    def preset(cls, name: str, *, width: int = 16) -> "Skeleton":
        """A skeleton by name.

        ``"proxy"``: stem of ``width`` channels and three stages of one cell, ``width``,
        ``2 * width`` and ``4 * width`` wide; the second and the third reduce.

        Raises:
            ValueError: If there is no such preset or ``width`` is below 1.
        """
        check_in("name", name, ("proxy",))
        width = check_int("width", width, 1)
        stages = (Stage(width), Stage(2 * width, reduces=True), Stage(4 * width, reduces=True))
        return cls(stem_width=width, stages=stages)

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers, lists and dictionaries, ready for JSON.

        Example:
            >>> Skeleton(8, (Stage(16),)).to_dict()
            {'stem_width': 8, 'stages': [{'width': 16, 'num_cells': 1, 'reduces': False}]}
        """
        return {"stem_width": self.stem_width, "stages": [asdict(stage) for stage in self.stages]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Skeleton":
        """Reads what :meth:`to_dict` wrote.

        Raises:
            TypeError: If ``data`` or a stage is no mapping.
            ValueError: If a key is missing or unknown, or a value out of range.
        """
        _check_keys("skeleton", data, ("stem_width", "stages"))
        check_type("stages", data["stages"], (tuple, list))
        for i, stage in enumerate(data["stages"]):
            _check_keys(f"stages[{i}]", stage, ("width", "num_cells", "reduces"))
        stages = tuple(Stage(**stage) for stage in data["stages"])
        return cls(stem_width=data["stem_width"], stages=stages)


def _check_keys(name: str, data: object, wanted: tuple[str, ...]) -> None:
    check_type(name, data, Mapping)
    assert isinstance(data, Mapping)
    if set(data) != set(wanted):
        raise ValueError(
            f"{name} must have the keys {', '.join(wanted)}, got {', '.join(map(str, data))}"
        )
