"""A program of two ranks that read stream and shards, alone and by two workers each.

Run by test_reading.py; prints a line of JSON a rank: the first pairs of its batches.
"""

import itertools
import json
import multiprocessing
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch.distributed
from torch.utils.data import DataLoader

import gemcore
from gemcore import PairBatch, PairShards, PairStream, SearchSpace

NUM_RANKS = 2


def loader(data: Any) -> "DataLoader[PairBatch]":
    return DataLoader(data, batch_size=None, num_workers=2, timeout=60)


def run(rank: int, folder: str, meeting: Path) -> None:
    """One rank."""
    gemcore.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=NUM_RANKS
    )
    shards = PairShards(folder, batch_size=4, seed=3)
    stream = PairStream(SearchSpace.preset("small"), batch_size=4)
    told = {
        "rank": rank,
        "length": len(loader(shards)),
        "shards_alone": [batch.start for batch in shards],
        "shards_of_workers": [batch.start for batch in loader(shards)],
        "stream_alone": [batch.start for batch in itertools.islice(stream, 12)],
        "stream_of_workers": [batch.start for batch in itertools.islice(loader(stream), 12)],
    }
    print(json.dumps(told), flush=True)
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as meeting:
        ranks = [
            context.Process(target=run, args=(rank, sys.argv[1], Path(meeting) / "ranks"))
            for rank in range(NUM_RANKS)
        ]
        for process in ranks:
            process.start()
        for process in ranks:
            process.join()
