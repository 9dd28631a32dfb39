"""The invariant encoder: its network, its lessons, its training and its files."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import layer_norm, silu

from gemcore import Cell, CellBatch, SearchSpace, graph_features, perturb, prune
from gemcore.encoder import InvariantConfig, InvariantEncoder, train_invariant_encoder
from gemcore.encoder.invariant import graph_parts, new_network
from gemcore.encoder.invariant_input import GraphReader, GraphTensors, derive, relations
from gemcore.encoder.invariant_network import Dropout, InvariantNetwork
from gemcore.encoder.invariant_targets import LARGEST_FEATURE, LessonStream
from gemcore.encoder.invariant_training import InvariantTraining
from gemcore.wl import wl_pairs

TINY = InvariantConfig(
    width=8, num_layers=2, num_steps=4, batch_size=16, num_references=50, report_pairs=40
)
SPACE = SearchSpace(num_nodes=6, edge_prob=0.4)
WITH_OUTPUT = SearchSpace.preset("nasbench101")
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def encoder() -> InvariantEncoder:
    return train_invariant_encoder(SPACE, TINY, seed=1)


def fresh(space: SearchSpace, width: int = 8) -> tuple[InvariantNetwork, GraphReader]:
    config = InvariantConfig(width=width, num_layers=3)
    return new_network(len(space.op_names), config, 3), GraphReader(space.op_names)


def told_by_definition(network: InvariantNetwork, cell: Cell, op_names: tuple[str, ...]) -> Any:
    """The embedding of one cell, a node and a neighbor at a time."""
    nodes = range(len(cell.ops))
    edges = set(cell.edges)
    heard = (
        lambda v, u: (u, v) in edges,
        lambda v, u: (v, u) in edges,
        lambda v, u: any((v, w) in edges and (u, w) in edges for w in nodes),
        lambda v, u: any((w, v) in edges and (w, u) in edges for w in nodes),
    )
    degrees = [
        torch.tensor([sum((v, w) in edges for w in nodes), sum((w, v) in edges for w in nodes)])
        for v in nodes
    ]
    states = [
        network.ops[op_names.index(cell.ops[v])] + network.degrees(degrees[v].float().log1p())
        for v in nodes
    ]
    layer: Any
    for layer in network.layers:
        normal = [layer_norm(s, s.shape, layer.scale, layer.shift) for s in states]
        sent = [layer.messages(x).chunk(4) for x in normal]
        after = []
        for v in nodes:
            gate, value = layer.own(normal[v]).chunk(2)
            for r in range(4):
                neighbors = [u for u in nodes if heard[r](v, u)]
                for u in neighbors:
                    gate = gate + sent[u][r] / len(neighbors) ** 0.5
            after.append(states[v] + layer.out(silu(gate) * value))
        states = after
    leaves = [states[v] for v in nodes if degrees[v][0] == 0]
    parts = [states[0], torch.stack(leaves).mean(dim=0), torch.stack(states).mean(dim=0)]
    joined = torch.cat(parts)
    return layer_norm(joined, joined.shape)


@pytest.mark.parametrize("space", [SPACE, WITH_OUTPUT])
def test_the_network_is_what_it_says(space: SearchSpace) -> None:
    network, reader = fresh(space)
    cells = reader.prepare(space.sample(20, seed=2))
    found = network(reader.inputs(cells, CPU))
    for i, cell in enumerate(cells):
        expected = told_by_definition(network, cell, space.op_names)
        torch.testing.assert_close(found[i], expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("space", [SPACE, WITH_OUTPUT, SearchSpace.preset("paper")])
def test_numbering_and_padding_change_nothing(space: SearchSpace) -> None:
    network, reader = fresh(space)
    cells = prune(space.sample(40, seed=5), to_output=True)
    renumbered = perturb(cells, 0, seed=0, renumber=True)
    assert renumbered != cells
    found = network(reader.inputs(cells, CPU))  # Not canonical: the network alone must not care.
    torch.testing.assert_close(network(reader.inputs(renumbered, CPU)), found, atol=1e-4, rtol=1e-4)
    graphs = reader.expand(cells)
    wider = GraphTensors(
        torch.nn.functional.pad(graphs.adjacency, (0, 3, 0, 3)),
        torch.nn.functional.pad(graphs.ops, (0, 3), value=len(space.op_names)),
    )
    torch.testing.assert_close(
        network(derive(wider, len(space.op_names))), found, atol=1e-4, rtol=1e-4
    )


def test_direction_operations_and_siblings_matter() -> None:
    network, reader = fresh(SearchSpace(num_nodes=5, ops=("conv1x1", "conv3x3")))
    input_, a, b = "input", "conv1x1", "conv3x3"
    cells = CellBatch.from_cells(
        [
            Cell((input_, a, b), ((0, 1), (1, 2))),
            Cell((input_, b, a), ((0, 1), (1, 2))),
            Cell((input_, a, b), ((0, 1), (0, 2))),
            Cell((input_, a, b), ((0, 1), (0, 2), (1, 2))),
        ],
        op_names=reader.op_names,
    )
    found = network(reader.inputs(cells, CPU))
    assert torch.pdist(found).min() > 0.1


def test_relations_by_hand() -> None:
    edges = torch.zeros(1, 3, 3)
    edges[0, 0, 2] = edges[0, 1, 2] = 1  # Nodes 0 and 1 both lead to node 2.
    found = relations(edges).view(3, 3, 4)
    half = 0.5**0.5
    expected = torch.zeros(3, 3, 4)
    expected[2, 0, 0] = expected[2, 1, 0] = half
    expected[0, 2, 1] = expected[1, 2, 1] = 1
    expected[:2, :2, 2] = half
    expected[2, 2, 3] = 1
    torch.testing.assert_close(found, expected)


def test_dropout_keeps_the_mean() -> None:
    ones = torch.ones(100_000)
    assert Dropout(0.0)(ones) is ones
    dropped = Dropout(0.25, torch.Generator().manual_seed(0))(ones)
    kept = dropped[dropped > 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 4 / 3))
    assert dropped.mean().item() == pytest.approx(1, abs=0.01)
    same = Dropout(0.25, torch.Generator().manual_seed(0))(ones)
    assert torch.equal(dropped, same)


def test_lessons_hold_the_centered_kernel_and_features_at_scale() -> None:
    stream = LessonStream(SPACE, TINY, seed=3)
    lesson = stream.lesson(5, 30)
    pairs = stream._stream.pairs(start=5, num_pairs=30)
    references = stream.references
    assert len(references) == TINY.num_references

    def mean_over_references(cells: CellBatch) -> Any:
        rows = [wl_pairs(cells[[i] * len(references)], references) for i in range(len(cells))]
        return np.mean(rows, axis=1)

    expected = pairs.similarity.numpy() + mean_over_references(references).mean()
    expected = expected - mean_over_references(pairs.cells_a) - mean_over_references(pairs.cells_b)
    np.testing.assert_allclose(lesson.kernel.numpy(), expected, atol=1e-5)
    raw = graph_features(CellBatch.concatenate([pairs.cells_a, pairs.cells_b]))
    scaled = (raw - stream.scale.mean.numpy()) / stream.scale.std.numpy()
    expected = scaled.clip(-LARGEST_FEATURE, LARGEST_FEATURE)
    np.testing.assert_allclose(lesson.features.numpy(), expected, atol=1e-4)
    whole = stream.lesson(0, 40)
    torch.testing.assert_close(whole.kernel[5:35], lesson.kernel)


def test_parts_of_a_lesson_have_its_gradient() -> None:
    training = InvariantTraining(SPACE, TINY, seed=0)
    lesson = training.lessons.lesson(0, 10)
    parts = list(lesson.parts(2 * 36 * 3))
    assert [len(part.kernel) for part in parts] == [3, 3, 3, 1]
    whole = torch.autograd.grad(training.loss(lesson), list(training.teller.parameters()))
    total = sum(training.loss(part) * len(part.kernel) for part in parts)
    assert isinstance(total, torch.Tensor)
    found = torch.autograd.grad(total / 10, list(training.teller.parameters()))
    for one, other in zip(found, whole, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_a_step_learns() -> None:
    config = dataclasses.replace(TINY, num_steps=60, batch_size=64, width=16)
    training = InvariantTraining(SPACE, config, seed=0)
    losses = [training.step() for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])
    report = training.encoder(1.0).report
    assert report.kernel > 0.2
    assert report.features > 0.2
    assert "kernel" in str(report)


def test_same_seed_same_weights(encoder: InvariantEncoder) -> None:
    cells = SPACE.sample(30, seed=4)
    before = torch.get_rng_state()
    again = train_invariant_encoder(SPACE, TINY, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(again.encode(cells), encoder.encode(cells))
    other = train_invariant_encoder(SPACE, TINY, seed=2)
    assert not torch.equal(other.encode(cells), encoder.encode(cells))


def test_learns_from_a_batch_of_cells() -> None:
    cells = WITH_OUTPUT.sample(20, seed=1)
    encoder = train_invariant_encoder(cells, TINY, seed=1)
    assert encoder.encode(cells).shape == (20, 24)
    with pytest.raises(ValueError, match="space must hold at least one cell"):
        train_invariant_encoder(cells[:0], TINY)


@pytest.mark.parametrize("num_cells", [0, 1, 2, 300])
def test_parts_make_the_whole(encoder: InvariantEncoder, num_cells: int) -> None:
    cells = SPACE.sample(num_cells, seed=6)
    found = encoder.encode(cells)
    assert found.dtype == torch.float32
    assert found.shape == (num_cells, encoder.embedding_dim)
    for i in range(min(num_cells, 20)):
        torch.testing.assert_close(found[i], encoder.encode(cells[i : i + 1])[0])
    parts = [part for part, _ in graph_parts(encoder.reader, cells)]
    assert [p.start for p in parts[1:]] == [p.stop for p in parts[:-1]]


def test_cells_of_other_widths_and_numbers_of_operations(encoder: InvariantEncoder) -> None:
    alone = Cell(("input",), ())
    alone_in_batch = CellBatch.from_cells([alone], op_names=("sepconv3x3", "input"))
    assert encoder.encode(alone_in_batch).isfinite().all()
    large = SearchSpace(num_nodes=256, edge_prob=0.02).sample(2)
    found = encoder.encode(large)
    assert found.isfinite().all()
    assert not torch.equal(found[0], found[1])
    with pytest.raises(ValueError, match="op_names must hold every operation, got none for 'x'"):
        encoder.encode(CellBatch.from_cells([Cell(("input", "x"), ((0, 1),))]))
    with pytest.raises(TypeError, match="cells must be of type CellBatch"):
        encoder.encode([alone])  # type: ignore[arg-type]


def test_dead_nodes_do_not_count(encoder: InvariantEncoder) -> None:
    cells = SPACE.sample(50, seed=8)
    torch.testing.assert_close(encoder.encode(cells), encoder.encode(prune(cells)))


def test_files_hold_it_all(encoder: InvariantEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    loaded = InvariantEncoder.load(tmp_path)
    cells = SPACE.sample(20, seed=3)
    assert torch.equal(loaded.encode(cells), encoder.encode(cells))
    assert (loaded.config, loaded.report) == (encoder.config, encoder.report)
    assert torch.equal(loaded.scale.mean, encoder.scale.mean)
    assert repr(loaded) == "InvariantEncoder(cells to 24 numbers)"


def test_wrong_files_are_named(encoder: InvariantEncoder, tmp_path: Path) -> None:
    encoder.save(tmp_path / "one")
    train_invariant_encoder(SPACE, TINY, seed=9).save(tmp_path / "two")
    (tmp_path / "two" / "invariant.json").replace(tmp_path / "one" / "invariant.json")
    with pytest.raises(ValueError, match=r"invariant.safetensors must hold the weights"):
        InvariantEncoder.load(tmp_path / "one")
    encoder.save(tmp_path / "one")
    path = tmp_path / "one" / "invariant.json"
    content = json.loads(path.read_text())
    del content["report"]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=r"invariant.json must describe an invariant encoder"):
        InvariantEncoder.load(tmp_path / "one")
    with pytest.raises(FileNotFoundError):
        InvariantEncoder.load(tmp_path / "three")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("width", 0, "width must be >= 1, got 0"),
        ("num_layers", 1.5, "num_layers must be an integer"),
        ("n_iter", 99, "n_iter must be in 0 .. 16, got 99"),
        ("averaging", 1, "averaging must be < 1, got 1"),
        ("num_references", 1, "num_references must be >= 2, got 1"),
        ("warmup", 2.0, "warmup must be in 0 .. 1, got 2"),
        ("mixture", None, "mixture must be of type PairMixture"),
        ("device", 3, "device must be of type str"),
        ("learning_rate", -1.0, "learning_rate must be >= 0, got -1"),
    ],
)
def test_settings_are_checked(field: str, value: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        InvariantConfig(**{field: value})


def test_something_must_be_learned() -> None:
    with pytest.raises(ValueError, match="feature_weight must be > 0 without kernel_weight"):
        InvariantConfig(kernel_weight=0, feature_weight=0)


def test_a_loss_that_runs_away_is_told() -> None:
    config = dataclasses.replace(TINY, learning_rate=1e30, num_steps=30)
    with pytest.raises(RuntimeError, match="lower learning_rate"):
        train_invariant_encoder(SPACE, config)
