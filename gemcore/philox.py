"""Random generators keyed by (seed, stream, index): a draw depends on its name alone."""

import enum

import numpy as np
import torch


class Stream(enum.IntEnum):
    """What a random stream is for. Values are frozen with version 1; new ones are appended.

    0 .. 15 belong to the native core (csrc/support/philox.h).
    """

    PAIR_KIND = 16
    PAIR_EDITS = 17
    ENCODER_WEIGHTS = 18
    ENCODER_BATCHES = 19
    PREDICTOR_WEIGHTS = 20
    PREDICTOR_BATCHES = 21
    TASK_SPLIT = 22
    NETWORK_WEIGHTS = 23
    NETWORK_BATCHES = 24
    AUGMENTATION = 25
    SEARCH_INITIAL = 26
    SEARCH_BOOTSTRAP = 27
    SEARCH_BASELINE = 28
    SHARD_ORDER = 29
    MUTATIONS = 30
    SEARCH_THOMPSON = 31
    SEARCH_REEVALUATION = 32
    LISTED_CELLS = 40
    SYNTHETIC_NOISE = 41
    INVARIANT_ENCODER = 50
    GRAPH_NETWORK = 51
    WL_LANDMARKS = 52


def numpy_generator(seed: int, stream: Stream, index: int = 0) -> np.random.Generator:
    """A numpy generator for item ``index`` of a stream.

    Args:
        seed: 0 .. 2^64 - 1.
        stream: What the numbers are for.
        index: Which item of the stream, 0 .. 2^64 - 1.

    Returns:
        Philox4x64-10 with key (seed, stream); the index sits in the counter, out of reach of the
        up to 2^64 blocks that the generator itself counts.

    Example:
        >>> a = numpy_generator(0, Stream.TASK_SPLIT).random()
        >>> a == numpy_generator(0, Stream.TASK_SPLIT).random()
        True
    """
    key = np.array([seed, int(stream)], dtype=np.uint64)
    counter = np.array([0, index, 0, 0], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def torch_generator(
    seed: int, stream: Stream, index: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """A torch generator seeded by the first number of the stream's item."""
    start = int(numpy_generator(seed, stream, index).integers(2**63))
    return torch.Generator(device).manual_seed(start)


def derived_seed(seed: int, stream: Stream, index: int = 0) -> int:
    """A seed of its own, 0 .. 2^63 - 1, for a part that takes a seed."""
    return int(numpy_generator(seed, stream, index).integers(2**63))
