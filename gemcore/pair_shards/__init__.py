"""Training pairs on disk: written, gone on with, verified, repaired and read."""

from gemcore.pair_shards.manifest import settings_of
from gemcore.pair_shards.reading import PairShards
from gemcore.pair_shards.verifying import NOT_WRITTEN, find_faults, repair_pair_shards
from gemcore.pair_shards.writing import check_same_pairs, write_pair_shards

__all__ = [
    "NOT_WRITTEN",
    "PairShards",
    "check_same_pairs",
    "find_faults",
    "repair_pair_shards",
    "settings_of",
    "write_pair_shards",
]
