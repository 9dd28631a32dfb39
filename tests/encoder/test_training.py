"""gemcore.encoder.training: what is learned, repeatably, and without traces elsewhere."""

import dataclasses
from typing import Any

import pytest
import torch

from gemcore import SearchSpace
from gemcore.encoder import Encoder, EncoderConfig, train_encoder
from gemcore.encoder.data import Use
from gemcore.encoder.training import Training, step_size


def weights(encoder: Encoder) -> torch.Tensor:
    return torch.cat([parameter.flatten() for parameter in encoder.coder.parameters()])


def test_same_seed_same_weights(encoder: Encoder, space: SearchSpace, tiny: EncoderConfig) -> None:
    again = train_encoder(space, tiny, seed=1)
    assert torch.equal(weights(encoder), weights(again))
    assert dataclasses.replace(again.report, seconds=0) == dataclasses.replace(
        encoder.report, seconds=0
    )
    assert not torch.equal(weights(encoder), weights(train_encoder(space, tiny, seed=2)))


def test_leaves_no_traces(encoder: Encoder, space: SearchSpace, tiny: EncoderConfig) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state(), torch.get_num_threads()
    torch.set_default_dtype(torch.float64)
    try:
        again = train_encoder(space, tiny, seed=1)
        embedding = again.encode(space.sample(3))
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(before[0], torch.get_rng_state())
    assert before[1] == torch.get_num_threads()
    assert embedding.dtype == torch.float32
    assert torch.equal(weights(encoder), weights(again))


def test_learns_more_than_to_count() -> None:
    config = EncoderConfig(
        hidden_dims=(128,),
        decoder_dims=(64,),
        num_steps=250,
        batch_size=256,
        learning_rate=5e-3,
        report_pairs=5000,
    )
    report = train_encoder(SearchSpace.preset("paper"), config, seed=0).report
    assert report.encoder.overall < report.isotonic.overall < report.constant.overall
    assert report.correlation > 0.88
    assert report.encoder.isomorphic == pytest.approx(0, abs=1e-6)


def test_autoencoder_learns_to_rebuild_alone(space: SearchSpace, tiny: EncoderConfig) -> None:
    config = dataclasses.replace(tiny, similarity_weight=0.0, num_steps=300, embedding_dim=30)
    report = train_encoder(space, config).report
    assert report.ops > 0.9


def test_paper_profile_trains_on_a_fixed_set(space: SearchSpace) -> None:
    config = dataclasses.replace(
        EncoderConfig.paper(),
        hidden_dims=(16,),
        decoder_dims=(16,),
        num_steps=25,
        batch_size=16,
        train_pairs=100,
        validation_pairs=50,
        report_pairs=200,
    )
    training = Training(space, config, seed=0)
    seen = torch.cat([training.data.batch(step).similarity for step in range(25)])
    fixed = training.data.pairs(Use.TRAINING, 100).similarity
    for epoch in range(4):  # Each pair once an epoch, in another order.
        part = seen[100 * epoch : 100 * epoch + 100]
        assert torch.equal(part.sort().values, fixed.sort().values)
    assert not torch.equal(seen[:100], seen[100:200])
    assert train_encoder(space, config).report.encoder.perturbed is None


def test_degrees_stand_in_for_a_single_operation() -> None:
    one_op = SearchSpace.preset("nasgem-bench")
    similarity = {
        config.labels: Training(one_op, config, seed=0).data.pairs(Use.REPORT, 50).similarity
        for config in (
            EncoderConfig(labels="auto"),
            EncoderConfig(labels="degree"),
            EncoderConfig(labels="ops"),
        )
    }
    assert torch.equal(similarity["auto"], similarity["degree"])
    assert not torch.equal(similarity["auto"], similarity["ops"])


def test_best_of_the_held_out_is_kept(space: SearchSpace, tiny: EncoderConfig) -> None:
    training = Training(space, dataclasses.replace(tiny, num_steps=100), seed=0)
    losses = []
    validate = training.validate

    def spy(held_out: Any) -> bool:
        better = validate(held_out)
        losses.append(training.loss(training.averaged, held_out).item())
        return better

    training.validate = spy  # type: ignore[method-assign]
    training.run(progress=False)
    assert len(losses) == 10
    assert training.best_loss == pytest.approx(min(losses))


def test_stops_when_validation_says_so(space: SearchSpace, tiny: EncoderConfig) -> None:
    config = dataclasses.replace(tiny, learning_rate=0.0, num_steps=50, patience=2)
    report = train_encoder(space, config).report
    # Nothing is learned, so the second and third validation are not better than the first.
    assert (report.ended, report.num_steps) == ("early stop", 30)
    assert train_encoder(space, dataclasses.replace(config, patience=5)).report.ended == "complete"


def interrupt_at(monkeypatch: pytest.MonkeyPatch, last_step: int) -> None:
    step = Training.step

    def interrupted(self: Training) -> None:
        if self.num_steps == last_step:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Training, "step", interrupted)


@pytest.mark.parametrize("last_step", [0, 5, 25])
def test_interrupt_hands_out_what_was_learned(
    space: SearchSpace, tiny: EncoderConfig, monkeypatch: pytest.MonkeyPatch, last_step: int
) -> None:
    interrupt_at(monkeypatch, last_step)
    saved: list[Encoder] = []
    with pytest.raises(KeyboardInterrupt):
        train_encoder(space, tiny, on_interrupt=saved.append)
    (encoder,) = saved
    assert encoder.report.ended == "interrupted"
    assert encoder.report.num_steps == last_step
    assert encoder.encode(space.sample(2)).isfinite().all()


def test_interrupt_passes_on_without_a_taker(
    space: SearchSpace, tiny: EncoderConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt_at(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        train_encoder(space, tiny)


def test_says_when_the_loss_is_no_number(space: SearchSpace, tiny: EncoderConfig) -> None:
    config = dataclasses.replace(tiny, learning_rate=1e30, warmup=0.0)
    with pytest.raises(RuntimeError, match=r"\[train_encoder\] the loss is (nan|inf) at step \d+"):
        train_encoder(space, config)


def test_progress_names_the_phase(
    space: SearchSpace, tiny: EncoderConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    train_encoder(space, tiny)
    assert capsys.readouterr() == ("", "")
    train_encoder(space, tiny, progress=True)
    out, err = capsys.readouterr()
    assert not out
    assert "encoder" in err
    assert "30/30" in err


def test_step_size_rises_and_falls() -> None:
    config = EncoderConfig(num_steps=200, warmup=0.1, learning_rate=2.0)
    sizes = [step_size(step, config) for step in range(200)]
    assert max(sizes) == pytest.approx(2.0)
    assert sizes.index(max(sizes)) == 19
    assert sizes[19:] == sorted(sizes[19:], reverse=True)
    assert sizes[0] == pytest.approx(0.1)
    assert 0 < sizes[-1] < 1e-3
    assert step_size(0, EncoderConfig(warmup=0.0, learning_rate=1.0)) == 1.0


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"space": "small"}, TypeError, "space must be of type SearchSpace or CellBatch, got str"),
        ({"config": 3}, TypeError, "config must be of type EncoderConfig, got int 3"),
        ({"seed": -1}, ValueError, "seed must be in 0 .. 18446744073709551615, got -1"),
        (
            {"config": EncoderConfig(device="tpu")},
            ValueError,
            r"device must be 'auto', 'cpu' or 'cuda\[:N\]', got 'tpu'",
        ),
    ],
)
def test_rejects_bad_arguments(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        train_encoder(**({"space": SearchSpace.preset("small")} | arguments))
