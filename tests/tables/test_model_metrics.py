"""gemcore.tables.model_metrics: messages of any layout, and what is none."""

from types import SimpleNamespace

import numpy as np
import pytest

from gemcore.tables.model_metrics import parse_metrics

EVALUATIONS = [(0, 0, 0.1, 0.2, 0.3), (54, 500.5, 0.4, 0.5, 0.6), (108, 1000, 0.7, 0.8, 0.9)]


def test_messages_of_many_layouts_at_once(official: SimpleNamespace) -> None:
    draw = np.random.default_rng(0)
    numbers = draw.random((30, 3, 5))
    parameters = (draw.integers(0, 2, 30) * 2 ** draw.integers(0, 62, 30)).tolist()
    messages = []
    for row, count in zip(numbers.tolist(), parameters, strict=True):
        parts = [official.field(1, 2, official.string(official.evaluation(e))) for e in row]
        parts.append(official.field(2, 0, official.varint(count)))
        # In any order but that of the evaluations, with fields that nobody knows.
        unknown = official.field(9, 2, official.string(b"x" * int(draw.integers(0, 3))))
        parts.insert(int(draw.integers(0, 4)), unknown)
        parts.insert(int(draw.integers(0, 4)), official.field(8, 5, b"abcd"))
        messages.append(b"".join(parts))
    found = parse_metrics(messages)
    assert found.parameters.tolist() == parameters
    assert found.evaluations.tolist() == numbers.tolist()
    for message, row, count in zip(messages, numbers.tolist(), parameters, strict=True):
        alone = parse_metrics([message])
        assert (alone.parameters.tolist(), alone.evaluations.tolist()) == ([count], [row])


def test_of_none() -> None:
    found = parse_metrics([])
    assert found.parameters.shape == (0,)
    assert found.evaluations.shape == (0, 3, 5)


def test_absent_numbers_are_0_and_the_last_one_counts(official: SimpleNamespace) -> None:
    twice = official.field(5, 1, official.double(0.25)) + official.field(5, 1, official.double(0.5))
    path = official.field(6, 2, official.string(b"/checkpoint"))
    message = b"".join(
        official.field(1, 2, official.string(part)) for part in (b"", twice, path + twice, b"")
    )
    found = parse_metrics([message])
    assert found.parameters.tolist() == [0]
    assert found.evaluations[0].tolist() == [[0] * 5, [0, 0, 0, 0, 0.5], [0, 0, 0, 0, 0.5]]


def test_every_truncation_is_noticed_or_cuts_a_field_off(official: SimpleNamespace) -> None:
    message = official.model_metrics(8_555_530, EVALUATIONS)
    ends = {len(message)}
    for tail in (9, 9 + 5):  # Without the time; without parameters, too.
        ends.add(len(message) - tail)
    for length in range(len(message)):
        if length in ends:
            assert parse_metrics([message[:length]]).evaluations[0].tolist() == [
                list(e) for e in EVALUATIONS
            ]
        else:
            with pytest.raises(ValueError, match="metrics must"):
                parse_metrics([message[:length]])


def test_what_is_no_such_message(official: SimpleNamespace) -> None:
    whole = official.model_metrics(1, EVALUATIONS)
    wrong = {
        official.model_metrics(1, EVALUATIONS[:2]): "metrics must hold 3 evaluations, got 2",
        whole + b"\x0b": "metrics must have known wire types, got 3 at byte",
        whole + b"\x80" * 12: "metrics must hold whole numbers, got an endless one at byte",
        whole + b"\x0a\x05ab": "metrics must end with their fields, got field 1 beyond",
        whole + official.field(1, 2, official.string(official.field(3, 5, b"abcd"))): (
            "train_accuracy must be a double, got wire type 5"
        ),
    }
    for message, reason in wrong.items():
        with pytest.raises(ValueError, match=reason):
            parse_metrics([whole, message])
