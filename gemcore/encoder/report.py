"""How good an encoder is: its loss on fresh pairs beside what costs nothing to reach."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gemcore.pair_mixture import PairKind

KINDS = ("overall", "independent", "perturbed", "isomorphic")


@dataclass(frozen=True)
class KindLosses:
    """Mean squared errors of a predicted similarity (eq. 3), by kind of pair.

    Args:
        overall: Over all pairs.
        independent: Over pairs of independent cells; None if there are none, like the next two.
        perturbed: Over pairs whose second cell is the first one, edited.
        isomorphic: Over pairs of isomorphic cells.
    """

    overall: float
    independent: float | None
    perturbed: float | None
    isomorphic: float | None

    @classmethod
    def of(cls, errors: NDArray[np.float64], kind: NDArray[np.uint8]) -> "KindLosses":
        """The means of squared errors ``[B]`` of pairs of kinds ``[B]``."""
        by_kind = {
            value.name.lower(): float(errors[kind == value].mean())
            if (kind == value).any()
            else None
            for value in PairKind
        }
        return cls(overall=float(errors.mean()), **by_kind)


@dataclass(frozen=True)
class EncoderReport:
    """What a trained encoder reaches on fresh pairs; prints as a table.

    Args:
        num_pairs: Pairs that it was measured on; training has not seen them.
        encoder: Losses of the encoder.
        constant: Losses of the best constant, the mean over pairs of training.
        isotonic: Losses of isotonic regression on the cosine of the cells' counts of operations,
            fitted on pairs of training: what an encoder that only counts can reach.
        correlation: Pearson's, of cosine and similarity; 0 where one of them is the same for all.
        present_edges: Share of the edges that are decoded as present; None if there are no edges.
        absent_edges: Share of the missing edges that are decoded as absent; None likewise.
        ops: Share of the nodes whose operation, or absence, is decoded.
        num_steps: Steps of training.
        seconds: Time of training.
        ended: Why training ended: ``"complete"``, ``"early stop"`` or ``"interrupted"``.
    """

    num_pairs: int
    encoder: KindLosses
    constant: KindLosses
    isotonic: KindLosses
    correlation: float
    present_edges: float | None
    absent_edges: float | None
    ops: float
    num_steps: int
    seconds: float
    ended: str

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers and strings, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "EncoderReport":
        """Reads what :meth:`to_dict` wrote.

        Raises:
            TypeError: If a key is missing or unknown.
        """
        losses = {name: KindLosses(**data[name]) for name in ("encoder", "constant", "isotonic")}
        return cls(**{**data, **losses})

    def __str__(self) -> str:
        lines = [
            f"similarity loss (eq. 3) on {self.num_pairs} fresh pairs",
            f"{'':14}{'encoder':>12}{'constant':>12}{'isotonic':>12}",
        ]
        for kind in KINDS:
            losses = [getattr(row, kind) for row in (self.encoder, self.constant, self.isotonic)]
            if None not in losses:
                lines.append(f"{kind:14}" + "".join(f"{loss:12.3g}" for loss in losses))
        shares = [
            f"{name} {share:.1%}"
            for name, share in (
                ("present edges", self.present_edges),
                ("absent edges", self.absent_edges),
                ("operations", self.ops),
            )
            if share is not None
        ]
        return "\n".join(
            [
                *lines,
                f"correlation {self.correlation:.4f}; decoded: {', '.join(shares)}",
                f"training {self.ended} after {self.num_steps} steps in {self.seconds:.0f} s",
            ]
        )
