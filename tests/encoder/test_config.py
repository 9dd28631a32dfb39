"""gemcore.encoder.config: what is refused, and the paper's profile."""

import dataclasses
from typing import Any

import pytest

from gemcore.encoder import EncoderConfig
from gemcore.pair_mixture import PairMixture
from gemcore.plain_config import from_plain, to_plain


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"embedding_dim": 0}, ValueError, "embedding_dim must be >= 1, got 0"),
        ({"hidden_dims": (512, 0)}, ValueError, "hidden_dims must be >= 1, got 0"),
        ({"hidden_dims": 512}, TypeError, "hidden_dims must be a tuple of widths, got int 512"),
        ({"decoder_dims": (2.5,)}, TypeError, "decoder_dims must be an integer, got float 2.5"),
        ({"prune": "yes"}, TypeError, "prune must be of type bool, got str 'yes'"),
        ({"n_iter": 17}, ValueError, "n_iter must be in 0 .. 16, got 17"),
        ({"direction": "up"}, ValueError, "direction must be one of 'in_out', .*, got 'up'"),
        ({"labels": "size"}, ValueError, "labels must be one of 'auto', .*, got 'size'"),
        ({"round_weights": (1, 1)}, ValueError, "round_weights must have length .* = 4, got 2"),
        ({"round_weights": (1, 1, 1, -1)}, ValueError, "round_weights must be >= 0, got -1"),
        ({"round_weights": 1.0}, TypeError, "round_weights must be of type tuple or list"),
        ({"mixture": None}, TypeError, "mixture must be of type PairMixture, got NoneType None"),
        ({"similarity_weight": -1}, ValueError, "similarity_weight must be >= 0, got -1"),
        (
            {"similarity_weight": 0, "reconstruction_weight": 0},
            ValueError,
            "reconstruction_weight must be > 0 without similarity_weight, got 0",
        ),
        ({"num_steps": 0}, ValueError, "num_steps must be >= 1, got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"train_pairs": 0}, ValueError, "train_pairs must be >= 1, got 0"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate must be >= 0, got nan"),
        ({"warmup": 1.5}, ValueError, "warmup must be in 0 .. 1, got 1.5"),
        ({"averaging": 1}, ValueError, "averaging must be < 1, got 1"),
        ({"validation_pairs": 1}, ValueError, "validation_pairs must be >= 2, got 1"),
        ({"patience": 0}, ValueError, "patience must be >= 1, got 0"),
        ({"report_pairs": 1}, ValueError, "report_pairs must be >= 2, got 1"),
        ({"device": 0}, TypeError, "device must be of type str, got int 0"),
    ],
)
def test_rejects(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        EncoderConfig(**arguments)


def test_paper_profile() -> None:
    paper = EncoderConfig.paper()
    assert (paper.hidden_dims, paper.decoder_dims, paper.embedding_dim) == ((512,), (512,), 50)
    assert (paper.n_iter, paper.labels) == (2, "auto")
    assert (paper.signed, paper.prune, paper.canonical) == (True, False, False)
    assert (paper.train_pairs, paper.validation_pairs) == (50_000, 5_000)
    assert (paper.batch_size, paper.num_steps, paper.learning_rate) == (256, 10_000, 1e-3)
    assert (paper.similarity_weight, paper.reconstruction_weight) == (1, 1)
    assert paper.mixture == PairMixture(independent=1, renumbered=0)


def test_survives_plain_form() -> None:
    config = dataclasses.replace(
        EncoderConfig.paper(), round_weights=(0.1, 1, 2), mixture=PairMixture(max_edits=3)
    )
    assert from_plain(EncoderConfig, to_plain(config)) == config


def test_every_field_is_explained() -> None:
    # The command line shows these texts; attributes without one would show nothing.
    import inspect

    source = inspect.getsource(EncoderConfig)
    for field in dataclasses.fields(EncoderConfig):
        declared = source.index(f"    {field.name}: ")
        following = source.index("\n", declared) + 1
        assert source[following:].startswith('    """'), field.name
