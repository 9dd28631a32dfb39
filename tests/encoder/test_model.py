"""gemcore.encoder.model: what an encoder makes of cells."""

import dataclasses

import pytest
import torch

from gemcore import Cell, CellBatch, SearchSpace, canonicalize, perturb, prune
from gemcore.encoder import Encoder, EncoderConfig, train_encoder


def test_embeddings_are_float32_of_the_asked_length(encoder: Encoder, space: SearchSpace) -> None:
    embedding = encoder.encode(space.sample(5))
    assert embedding.dtype == torch.float32
    assert embedding.shape == (5, encoder.embedding_dim) == (5, 8)
    assert not embedding.requires_grad
    assert encoder.encode(space.sample(0)).shape == (0, 8)


def test_isomorphic_cells_embed_equally(encoder: Encoder, space: SearchSpace) -> None:
    cells = space.sample(300, seed=2)
    twins = perturb(cells, 0, seed=3, renumber=True)
    assert cells != twins
    torch.testing.assert_close(encoder.encode(cells), encoder.encode(twins), rtol=0, atol=1e-6)


def test_dead_nodes_change_nothing(encoder: Encoder) -> None:
    with_dead = Cell(("input", "conv1x1", "sepconv3x3"), ((0, 2),))
    without = Cell(("input", "sepconv3x3"), ((0, 1),))
    a, b = (encoder.encode(CellBatch.from_cells([cell])) for cell in (with_dead, without))
    assert torch.equal(a, b)


def test_same_in_any_batch_split(encoder: Encoder, space: SearchSpace) -> None:
    cells = space.sample(5000, seed=4)  # More than are unpacked at a time.
    whole = encoder.encode(cells)
    parts = torch.cat([encoder.encode(cells[i : i + 1]) for i in range(100)])
    torch.testing.assert_close(whole[:100], parts, rtol=0, atol=1e-5 * whole.abs().max().item())


def test_operations_are_matched_by_name(encoder: Encoder, space: SearchSpace) -> None:
    cells = space.sample(50, seed=5)
    turned = cells.with_op_names(("sepconv3x3", "identity", "conv1x1", "input")).widen(20)
    torch.testing.assert_close(encoder.encode(turned), encoder.encode(cells))


def test_other_operations_give_another_embedding(encoder: Encoder) -> None:
    cells = [Cell(("input", op), ((0, 1),)) for op in ("conv1x1", "sepconv3x3")]
    a, b = encoder.encode(CellBatch.from_cells(cells))
    assert not torch.allclose(a, b)


def test_rejects_cells_of_another_space(encoder: Encoder) -> None:
    with pytest.raises(TypeError, match=r"cells must be of type CellBatch, got list"):
        encoder.encode([])  # type: ignore[arg-type]
    unknown = CellBatch.from_cells([Cell(("input", "conv3x3"), ((0, 1),))])
    with pytest.raises(
        ValueError, match=r"op_names must hold every operation, got none for 'conv3"
    ):
        encoder.encode(unknown)
    long = Cell(("input",) + ("conv1x1",) * 6, tuple((i, i + 1) for i in range(6)))
    with pytest.raises(ValueError, match=r"num_nodes must be in 7 .. 256, got 6"):
        encoder.encode(CellBatch.from_cells([long]))


def test_decodes_to_cells_of_the_space(encoder: Encoder, space: SearchSpace) -> None:
    cells = encoder.decode(torch.randn(20, 8, generator=torch.Generator().manual_seed(0)))
    assert (len(cells), cells.num_nodes, cells.op_names) == (20, 6, space.op_names)
    assert len(encoder.decode(torch.empty(0, 8))) == 0


def test_rejects_what_is_no_embedding(encoder: Encoder) -> None:
    with pytest.raises(TypeError, match=r"embedding must be of type Tensor, got list"):
        encoder.decode([[0.0] * 8])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"embedding must be float32, got torch.float64"):
        encoder.decode(torch.zeros(1, 8, dtype=torch.float64))
    with pytest.raises(ValueError, match=r"embedding must have shape \[B, 8\], got \[8\]"):
        encoder.decode(torch.zeros(8))


def test_overfits_100_graphs(tiny: EncoderConfig) -> None:
    cells = canonicalize(prune(SearchSpace.preset("small").sample(100, seed=6)))
    config = dataclasses.replace(
        tiny,
        embedding_dim=50,
        hidden_dims=(256,),
        decoder_dims=(256,),
        num_steps=500,
        batch_size=100,
        learning_rate=3e-3,
        reconstruction_weight=1.0,
    )
    encoder = train_encoder(cells, config, seed=0)
    assert encoder.decode(encoder.encode(cells)) == cells
