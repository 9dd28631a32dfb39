"""Cells in the memory of a GPU, or of an emulated one: `make test-cuda`."""

from typing import Any

import numpy as np
import pytest
import torch

from gemcore import CellBatch, DeviceCells, SearchSpace, cuda_status, graph_hash, perturb, prune
from gemcore.cuda import DEVICE_TYPE

SPACES = (
    SearchSpace.preset("paper"),
    SearchSpace.preset("nasbench101"),
    SearchSpace(num_nodes=70, edge_prob=0.1),
    SearchSpace(num_nodes=1),
)


def cells_of(space: SearchSpace, num_cells: int = 60) -> CellBatch:
    """Cells of different sizes."""
    drawn = space.sample(num_cells, seed=3)
    return CellBatch.concatenate([drawn[:10], prune(drawn[10:])])


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("space", SPACES)
def test_cells_go_there_and_back(space: SearchSpace) -> None:
    cells = cells_of(space)
    there = DeviceCells.from_cells(cells)
    assert there.cpu() == cells
    assert (len(there), there.num_nodes) == (60, space.num_nodes)
    again = DeviceCells(there.adjacency, there.ops, there.sizes, list(cells.op_names))  # type: ignore[arg-type]
    assert again.cpu() == cells


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("space", SPACES)
def test_cells_are_drawn_with_the_same_bits(space: SearchSpace) -> None:
    drawn = space.sample(200, 7, start=3, device="cuda")
    assert drawn.cpu() == space.sample(200, 7, start=3)
    assert len(space.sample(0, device="cuda")) == 0


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("space", SPACES)
def test_cells_are_pruned_and_edited_with_the_same_bits(space: SearchSpace) -> None:
    cells = cells_of(space)
    there = DeviceCells.from_cells(cells)
    for to_output in (False, True):
        assert prune(there, to_output=to_output).cpu() == prune(cells, to_output=to_output)
    options: dict[str, Any] = {"seed": 5, "start": 2, "renumber": np.arange(60) % 2 == 0}
    num_edits = np.arange(60) % 13
    assert perturb(there, num_edits, **options).cpu() == perturb(cells, num_edits, **options)
    assert perturb(there, 0).cpu() == cells


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("space", SPACES)
def test_hashes_have_the_same_bits(space: SearchSpace) -> None:
    cells = cells_of(space)
    for n_iter in (0, 3):
        hashes = graph_hash(DeviceCells.from_cells(cells), n_iter)
        assert hashes.device.type == DeviceCells.from_cells(cells).device.type
        np.testing.assert_array_equal(
            hashes.cpu().numpy().view(np.uint64), graph_hash(cells, n_iter)
        )


def tensors() -> dict[str, Any]:
    """A cell of two nodes and an edge."""
    there = DeviceCells.from_cells(SearchSpace(num_nodes=2, edge_prob=1).sample(1))
    return {name: getattr(there, name) for name in ("adjacency", "ops", "sizes", "op_names")}


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("name", "wrong", "error", "message"),
    [
        ("adjacency", lambda t: t.cpu().numpy(), TypeError, "adjacency must be a tensor, got nda"),
        ("adjacency", lambda t: t.to(torch.int32), TypeError, "must be of torch.int64, got torch"),
        ("sizes", lambda t: t.to(torch.uint8), TypeError, "sizes must be of torch.int16, got"),
        ("ops", lambda t: t[0], ValueError, r"ops must have shape \[B, 1 .. 256\], got \[2\]"),
        ("adjacency", lambda t: t[:, 0], ValueError, r"must have shape \[1, 2, 1\], got \[1, 1\]"),
        ("sizes", lambda t: t.repeat(2), ValueError, r"sizes must have shape \[1\], got \[2\]"),
        ("ops", lambda t: t.t().contiguous().t(), ValueError, "ops must be contiguous, got str"),
        ("sizes", lambda t: t + 1, ValueError, "sizes must be in 1 .. 2, got others"),
        ("ops", lambda t: t + 9, ValueError, r"ops must be in 0 .. 2, and 255 from sizes\[b\]"),
        ("sizes", lambda t: t - 1, ValueError, r"ops must be in 0 .. 2, and 255 from sizes\[b\]"),
        ("adjacency", lambda t: t - 1, ValueError, "adjacency must have edges u -> v with u < v"),
        ("op_names", lambda t: ("a", "a"), ValueError, "op_names must"),
    ],
)
def test_bad_tensors(name: str, wrong: Any, error: type[Exception], message: str) -> None:
    arguments = tensors()
    if name == "ops" and "contiguous" in message:  # Of one cell any tensor is contiguous.
        arguments = {key: value for key, value in tensors().items()}
        for key in ("adjacency", "ops", "sizes"):
            arguments[key] = torch.cat([arguments[key]] * 2)
    arguments[name] = wrong(arguments[name])
    with pytest.raises(error, match=message):
        DeviceCells(**arguments)


@pytest.mark.usefixtures("gpu")
@pytest.mark.skipif(cuda_status() != "usable", reason=f"CUDA: {cuda_status()}")
def test_bad_devices() -> None:
    arguments = tensors()
    with pytest.raises(ValueError, match="sizes must be on a CUDA device, got cpu"):
        DeviceCells(**(arguments | {"sizes": arguments["sizes"].cpu()}))


@pytest.mark.skipif(DEVICE_TYPE == "cpu", reason="an emulated GPU's memory is the CPU's")
def test_host_tensors_are_refused() -> None:
    sizes = torch.ones(1, dtype=torch.int16)
    ops = torch.zeros((1, 1), dtype=torch.uint8)
    with pytest.raises(ValueError, match="adjacency must be on a CUDA device, got cpu"):
        DeviceCells(torch.zeros((1, 1, 1), dtype=torch.int64), ops, sizes, ("input",))


@pytest.mark.skipif(cuda_status() == "usable", reason="CUDA can be used")
def test_without_cuda_it_says_why() -> None:
    with pytest.raises(RuntimeError, match=r"\[DeviceCells\] CUDA can't be used: \w+"):
        DeviceCells.from_cells(SPACES[0].sample(1))
    with pytest.raises(TypeError, match="cells must be of type CellBatch, got int 3"):
        DeviceCells.from_cells(3)  # type: ignore[arg-type]
