"""Members side by side against one network at a time, written with torch's own layers."""

import numpy as np
import pytest
import torch
from torch import nn

from gemcore.philox import Stream, torch_generator
from gemcore.predictor.config import PredictorConfig
from gemcore.predictor.fitting import fit_members
from gemcore.predictor.members import CHUNK, Members


def textbook(members: Members, member: int) -> nn.Sequential:
    """One member as a plain torch module."""
    layers: list[nn.Module] = []
    for weight, bias in zip(members.weights, members.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[2], dtype=torch.float32)
        with torch.no_grad():
            linear.weight.copy_(weight[member].T)
            linear.bias.copy_(bias[member, 0])
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("hidden", [(), (3,), (16, 8)])
@pytest.mark.parametrize("num_rows", [0, 1, 7])
def test_forward_is_that_of_plain_networks(hidden: tuple[int, ...], num_rows: int) -> None:
    members = Members.initial(5, PredictorConfig(num_members=3, hidden=hidden), seed=1)
    inputs = torch.randn(num_rows, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = torch.stack([textbook(members, m)(inputs).squeeze(-1) for m in range(3)])
    torch.testing.assert_close(members.predict(inputs), expected)


def test_a_prediction_of_many_rows_is_that_of_its_parts() -> None:
    members = Members.initial(4, PredictorConfig(num_members=2, hidden=(8,)), seed=0)
    inputs = torch.randn(CHUNK + 3, 4, generator=torch.Generator().manual_seed(0))
    tail = members.predict(inputs[CHUNK - 2 :])
    torch.testing.assert_close(members.predict(inputs)[:, CHUNK - 2 :], tail)


def test_fit_is_adamw_on_each_member_alone() -> None:
    config = PredictorConfig(num_members=2, hidden=(6,), batch_size=4, learning_rate=0.01)
    inputs = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    targets = inputs.sum(dim=1)
    members = Members.initial(3, config, seed=5)
    twins = [textbook(members, member) for member in range(2)]
    fit_members(members, inputs, targets, config, epochs=3, seed=5)

    generator = torch_generator(5, Stream.PREDICTOR_BATCHES)
    optimizers = [torch.optim.AdamW(twin.parameters(), weight_decay=0.01) for twin in twins]
    for epoch in range(3):
        order = torch.rand((2, 10), generator=generator, dtype=torch.float64).argsort(dim=1)
        for member, (twin, optimizer) in enumerate(zip(twins, optimizers, strict=True)):
            optimizer.param_groups[0]["lr"] = 0.01 * 0.5 * (1 + np.cos(np.pi * epoch / 3))
            for rows in torch.split(order[member], 4):
                optimizer.zero_grad()
                (twin(inputs[rows]).squeeze(-1) - targets[rows]).square().mean().backward()
                optimizer.step()
    for member, twin in enumerate(twins):
        with torch.no_grad():
            expected = twin(inputs).squeeze(-1)
        torch.testing.assert_close(members.predict(inputs)[member], expected)


def test_members_start_apart_and_the_same_for_the_same_seed() -> None:
    config = PredictorConfig(num_members=2)
    weights = Members.initial(4, config, seed=3).weights[0]
    assert not torch.equal(weights[0], weights[1])
    assert torch.equal(weights, Members.initial(4, config, seed=3).weights[0])
    assert not torch.equal(weights, Members.initial(4, config, seed=4).weights[0])
    single = Members.initial(4, PredictorConfig(num_members=1), seed=3).weights[0]
    assert torch.equal(weights[:1], single)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("num_members", 0, "num_members must be >= 1, got 0"),
        ("hidden", (8, 0), "hidden must be >= 1, got 0"),
        ("epochs", 0, "epochs must be >= 1, got 0"),
        ("batch_size", 0, "batch_size must be >= 1, got 0"),
        ("learning_rate", -1.0, "learning_rate must be >= 0, got -1"),
        ("weight_decay", float("nan"), "weight_decay must be >= 0, got nan"),
    ],
)
def test_rejects_bad_settings(field: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PredictorConfig(**{field: value})  # type: ignore[arg-type]
