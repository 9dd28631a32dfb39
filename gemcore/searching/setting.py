"""What a search was about: stored with its result, so that the result speaks for itself."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from gemcore.listed_space import read_space
from gemcore.networks.skeleton import Skeleton
from gemcore.plain_config import from_plain, to_plain
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.preprocessing import Preprocessing


@dataclass(frozen=True)
class TaskFacts:
    """What a result keeps of its task.

    Args:
        name: What the task is called.
        fingerprint: Equal for equal data; None where a user's function answers.
        class_names: Name of each class; empty where there are no images.
        preprocessing: What a network reads of an image; None where there are no images.
    """

    name: str
    fingerprint: str | None = None
    class_names: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers, lists and strings, ready for JSON."""
        return {
            "name": self.name,
            "fingerprint": self.fingerprint,
            "class_names": list(self.class_names),
            "preprocessing": self.preprocessing and self.preprocessing.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote."""
        known = data["preprocessing"]
        preprocessing = None if known is None else Preprocessing.from_dict(known)
        return cls(data["name"], data["fingerprint"], tuple(data["class_names"]), preprocessing)


@dataclass(frozen=True)
class SearchSetting:
    """All that decides the course of a search."""

    task: TaskFacts
    space: SearchSpace
    skeleton: Skeleton
    input_size: tuple[int, int, int]
    num_classes: int
    config: SearchConfig
    seed: int
    images: ImageConfig | None = None
    """How the task's images were read, if they lay in files."""

    @property
    def run_id(self) -> str:
        """Sixteen hexadecimal digits, equal for equal settings.

        The number of workers, which changes no bit of a result, does not count.
        """
        config = dataclasses.replace(self.config, num_workers=None)
        text = json.dumps(dataclasses.replace(self, config=config).to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers, lists and strings, ready for JSON."""
        images = {} if self.images is None else {"images": to_plain(self.images)}
        return {
            "task": self.task.to_dict(),
            **images,
            "seed": self.seed,
            "space": to_plain(self.space),
            "skeleton": self.skeleton.to_dict(),
            "input_size": list(self.input_size),
            "num_classes": self.num_classes,
            "config": to_plain(self.config),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            KeyError: If a part is missing.
            TypeError: If a part is of the wrong kind.
            ValueError: If a value is out of range.
        """
        channels, height, width = data["input_size"]
        return cls(
            task=TaskFacts.from_dict(data["task"]),
            space=read_space(data["space"]),
            skeleton=Skeleton.from_dict(data["skeleton"]),
            input_size=(channels, height, width),
            num_classes=data["num_classes"],
            config=from_plain(SearchConfig, data["config"]),
            seed=data["seed"],
            images=from_plain(ImageConfig, data["images"], name="images")
            if "images" in data
            else None,
        )
