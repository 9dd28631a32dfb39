"""What BANANAS is made of: the path encoding, and its networks against torch."""

from itertools import product

import numpy as np
import pytest
import torch

from baselines import mlp_ensemble
from baselines.mlp_ensemble import Adam, MLPEnsemble
from baselines.path_encoding import encode_paths
from baselines.specs import SpecSpace

NAMES = ("input", "conv3x3", "conv1x1", "maxpool3x3", "output")


def paths_of(edges: set[tuple[int, int]], ops: list[int]) -> set[tuple[int, ...]]:
    """Operations along every path from node 0 to node 6, by walking them all."""
    found: set[tuple[int, ...]] = set()
    open_paths: list[tuple[int, tuple[int, ...]]] = [(0, ())]
    while open_paths:
        node, path = open_paths.pop()
        for _, target in (edge for edge in edges if edge[0] == node):
            if target == 6:
                found.add(path)
            else:
                open_paths.append((target, (*path, ops[target - 1])))
    return found


def test_paths_are_those_that_one_can_walk() -> None:
    space = SpecSpace(NAMES)
    specs = space.sample(np.random.default_rng(0), 200)
    encoded = encode_paths(specs, space.free)
    assert encoded.shape == (200, 40)
    order = [path for length in range(4) for path in product((1, 2, 3), repeat=length)]
    for i, cell in enumerate(space.cells(specs)):
        walked = paths_of(set(cell.edges), specs.ops[i].tolist())
        assert [path in walked for path in order] == encoded[i].astype(bool).tolist()


def torch_error(ensemble: MLPEnsemble, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
    """Gradients of the layers by torch, in double precision."""
    layers = [torch.from_numpy(layer).double().requires_grad_() for layer in ensemble.layers]
    hidden = x
    for place, layer in enumerate(layers):
        hidden = hidden @ layer[:, :-1] + layer[:, -1:]
        if place < len(layers) - 1:
            hidden = hidden.relu()
    error = (hidden.squeeze(-1) - y).abs().mean(dim=1).sum()
    return list(torch.autograd.grad(error, layers))


def test_gradients_are_those_of_torch() -> None:
    numbers = np.random.default_rng(0)
    ensemble = MLPEnsemble(7, numbers)
    ensemble.values += numbers.normal(0, 0.1, len(ensemble.values)).astype(np.float32)
    x = numbers.random((5, 9, 7)).astype(np.float32)
    y = numbers.random((5, 9)).astype(np.float32)
    ensemble.backward(x, y)
    wanted = torch_error(ensemble, torch.from_numpy(x).double(), torch.from_numpy(y).double())
    flat = torch.cat([part.flatten() for part in wanted]).numpy()
    assert np.abs(flat).max() > 0.01
    assert np.abs(ensemble.gradient - flat).max() < 1e-5


def test_steps_are_those_of_torch() -> None:
    numbers = np.random.default_rng(1)
    values = numbers.normal(size=20).astype(np.float32)
    theirs = torch.from_numpy(values.copy()).requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.01, eps=1e-7)
    gradient = np.zeros_like(values)
    ours = Adam(values, gradient)
    for _ in range(30):
        gradient[:] = numbers.normal(size=20)
        theirs.grad = torch.from_numpy(gradient.copy())
        ours.step()
        optimizer.step()
    assert np.abs(values - theirs.detach().numpy()).max() < 1e-5


def test_networks_learn_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlp_ensemble, "EPOCHS", 60)
    numbers = np.random.default_rng(2)
    inputs = (numbers.random((64, 12)) < 0.3).astype(np.float32)
    targets = 6 + inputs @ numbers.normal(size=12)
    ensemble = MLPEnsemble(12, np.random.default_rng(3))
    ensemble.fit(inputs, targets)
    predicted = ensemble.predict(inputs)
    assert predicted.shape == (5, 64)
    assert predicted.std(axis=0).min() > 0
    error = np.abs(predicted.mean(axis=0) - targets).mean()
    assert error < 0.5 * np.abs(targets - np.median(targets)).mean()
