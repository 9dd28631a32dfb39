"""The manifest of a folder of shards: what decides the pairs, and which shards are whole."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from gemcore.arguments import check_int, describe
from gemcore.atomic_files import read_document, write_document
from gemcore.packing import check_op_names
from gemcore.pair_mixture import PairMixture
from gemcore.pair_shards.layout import ShardLayout
from gemcore.pairs import MAX_INDEX, PairStream
from gemcore.plain_config import from_plain, to_plain
from gemcore.space import SearchSpace
from gemcore.topology import MAX_NODES

DOCUMENT = "gemcore.pairs"
VERSION = 1
MANIFEST = "manifest.json"
SIMILARITY = ("n_iter", "direction", "round_weights", "labels")
FILE = re.compile(r"pairs-(\d{5,18})\.safetensors")
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Manifest:
    """What lies in a folder, or is to lie there.

    Shard k holds the pairs from ``k * shard_size`` on: which file holds a pair, and each byte of
    it, follow from the settings and the number of pairs.

    Args:
        settings: What decides the pairs, see :func:`settings_of`.
        num_pairs: How many there are once all shards are written.
        shard_size: Pairs in a shard; the last may have fewer.
        digests: SHA-256 of each whole shard, by its number.
    """

    settings: Mapping[str, Any]
    num_pairs: int
    shard_size: int
    digests: Mapping[int, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest in a folder.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is corrupt, or its shards leave gaps or overlap; it is named.
        """
        path = folder / MANIFEST
        content = read_document(path, kind=DOCUMENT, version=VERSION)
        try:
            num_pairs = check_int("num_pairs", content.pop("num_pairs"), 1, MAX_INDEX)
            shard_size = check_int("shard_size", content.pop("shard_size"), 1)
            check_int("space.num_nodes", content["space"]["num_nodes"], 1, MAX_NODES)
            check_op_names(content["op_names"])
            listed = list(content.pop("shards"))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} must be whole, got a corrupt one: {error!r}") from error
        content.pop("gemcore", None)
        manifest = cls(content, num_pairs, shard_size, {})
        return replace(manifest, digests=manifest._read_digests(path, listed))

    def write(self, folder: Path) -> None:
        """Replaces the manifest of a folder."""
        content = {
            "gemcore": version("gemcore"),
            **self.settings,
            "num_pairs": self.num_pairs,
            "shard_size": self.shard_size,
            "shards": [
                {**self._entry(number), "sha256": digest}
                for number, digest in sorted(self.digests.items())
            ],
        }
        write_document(folder / MANIFEST, content, kind=DOCUMENT, version=VERSION)

    @property
    def num_shards(self) -> int:
        """Shards once all are written."""
        return -(-self.num_pairs // self.shard_size)

    @property
    def num_written(self) -> int:
        """Pairs in whole shards."""
        return sum(len(self.pairs_of(number)) for number in self.digests)

    @property
    def compared(self) -> dict[str, Any]:
        """What must be equal for a folder to be gone on with."""
        return {**self.settings, "shard_size": self.shard_size}

    def file_of(self, number: int) -> str:
        """The name of a shard."""
        return f"pairs-{number:05}.safetensors"

    def pairs_of(self, number: int) -> range:
        """The pairs of a shard."""
        start = number * self.shard_size
        return range(start, min(start + self.shard_size, self.num_pairs))

    def layout_of(self, number: int) -> ShardLayout:
        """How a shard is laid out."""
        return ShardLayout(self.settings["space"]["num_nodes"], len(self.pairs_of(number)))

    def stream(self, batch_size: int = 4096) -> PairStream:
        """The stream whose first pairs these are.

        Raises:
            ValueError: If a setting is missing, unknown or out of range; it is named.
            TypeError: If a setting is of the wrong kind.
        """
        similarity = dict(self.settings.get("similarity", {}))
        if weights := similarity.get("round_weights"):
            similarity["round_weights"] = tuple(weights)
        try:
            return PairStream(
                from_plain(SearchSpace, self.settings["space"], name="space"),
                batch_size=batch_size,
                seed=self.settings["seed"],
                mixture=from_plain(PairMixture, self.settings["mixture"], name="mixture"),
                prune=self.settings["prune"],
                **{name: similarity[name] for name in SIMILARITY},
            )
        except KeyError as error:
            raise ValueError(f"{MANIFEST} must hold every setting, got none for {error}") from error

    def _entry(self, number: int) -> dict[str, Any]:
        pairs = self.pairs_of(number)
        return {"file": self.file_of(number), "start": pairs.start, "num_pairs": len(pairs)}

    def _read_digests(self, path: Path, listed: list[Any]) -> dict[int, str]:
        digests: dict[int, str] = {}
        for entry in listed:
            found = FILE.fullmatch(str(entry.get("file"))) if isinstance(entry, dict) else None
            number = int(found[1]) if found else -1
            digest = str(entry.get("sha256")) if found else ""
            wanted = {**self._entry(number), "sha256": digest}
            is_new = 0 <= number < self.num_shards and number not in digests
            if not is_new or entry != wanted or DIGEST.fullmatch(digest) is None:
                raise ValueError(
                    f"{path} must list shards of {self.shard_size} pairs without gap or overlap, "
                    f"each with its SHA-256, got {describe(entry)}"
                )
            digests[number] = digest
        return digests


def settings_of(stream: PairStream) -> dict[str, Any]:
    """What decides the pairs of a stream over a space, as JSON takes it."""
    weights = stream.round_weights
    return {
        "seed": stream.seed,
        "space": to_plain(stream.space),
        "op_names": list(stream.space.op_names),
        "mixture": to_plain(stream.mixture),
        "prune": stream.prune,
        "similarity": {
            "n_iter": stream.n_iter,
            "direction": stream.direction,
            "round_weights": None if weights is None else list(map(float, weights)),
            "labels": stream.labels,
        },
    }
