"""The protocol-buffer message in which NAS-Bench-101 keeps the numbers of one training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # Wire types.
WIDTHS = {FIXED64: 8, FIXED32: 4}
EVALUATION, PARAMETERS = 1, 2  # Fields of the message.
NUMBERS = ("epoch", "seconds", "train_accuracy", "validation_accuracy", "test_accuracy")
NUM_EVALUATIONS = 3  # At the start, half-way, at the end.
MOST_VARINT = 9  # Bytes, so that the number fits in 63 bits.

Field = tuple[int, int, int, int]  # Number, wire type, first byte of its value and the one behind.


@dataclass(frozen=True, eq=False)
class ModelMetrics:
    """What was measured in M trainings.

    Args:
        parameters: Trainable parameters of the network, int64 ``[M]``.
        evaluations: float64 ``[M, 3, 5]``: at the start, half-way and at the end, each with the
            numbers of ``NUMBERS``; accuracies are fractions.
    """

    parameters: NDArray[np.int64]
    evaluations: NDArray[np.float64]


def parse_metrics(messages: Sequence[bytes]) -> ModelMetrics:
    """Reads messages; those that are laid out alike, as nearly all are, at once.

    Unknown fields are passed over, as protocol buffers ask for; absent numbers are 0, and of a
    number that stands twice the last counts.

    Raises:
        ValueError: If a message is no such one, or has fewer than three evaluations.

    Source: https://protobuf.dev/programming-guides/encoding
    """
    lengths = np.array([len(message) for message in messages], dtype=np.int64)
    parameters = np.zeros(len(messages), dtype=np.int64)
    evaluations = np.zeros((len(messages), NUM_EVALUATIONS, len(NUMBERS)))
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        joined = b"".join(messages[i] for i in rows.tolist())
        octets = np.frombuffer(joined, dtype=np.uint8).reshape(len(rows), length)
        while len(rows):
            layout = _Layout.of(messages[rows[0]])
            alike = layout.fits(octets)
            parameters[rows[alike]] = layout.parameters(octets[alike])
            evaluations[rows[alike]] = layout.evaluations(octets[alike])
            rows, octets = rows[~alike], octets[~alike]
    return ModelMetrics(parameters, evaluations)


class _Layout:
    """Where the values of a message lie, and of all that differ in values alone."""

    def __init__(self, length: int) -> None:
        self.fixed = np.full(length, 0xFF, dtype=np.uint8)  # Bits that are no part of a value.
        self.template = np.zeros(length, dtype=np.uint8)
        self.parameter_span = (0, 0)
        self.numbers: list[dict[int, int]] = []  # Of each evaluation: field -> first byte.

    @classmethod
    def of(cls, message: bytes) -> "_Layout":
        layout = cls(len(message))
        for number, wire, start, stop in _fields(message, 0, len(message)):
            if number == EVALUATION and wire == BYTES:
                layout.numbers.append(layout._read_evaluation(message, start, stop))
                continue
            layout._free(wire, start, stop)
            if number == PARAMETERS and wire == VARINT:
                layout.parameter_span = (start, stop)
        if len(layout.numbers) < NUM_EVALUATIONS:
            raise ValueError(
                f"metrics must hold {NUM_EVALUATIONS} evaluations, got {len(layout.numbers)}"
            )
        layout.template = np.frombuffer(message, dtype=np.uint8) & layout.fixed
        return layout

    def _read_evaluation(self, message: bytes, start: int, stop: int) -> dict[int, int]:
        places = {}
        for number, wire, first, behind in _fields(message, start, stop):
            if 1 <= number <= len(NUMBERS):
                if wire != FIXED64:
                    name = NUMBERS[number - 1]
                    raise ValueError(f"{name} must be a double, got wire type {wire}")
                places[number] = first
            self._free(wire, first, behind)
        return places

    def _free(self, wire: int, start: int, stop: int) -> None:
        # Of a varint the upper bits tell where it ends.
        self.fixed[start:stop] = 0x80 if wire == VARINT else 0

    def fits(self, octets: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Which messages ``[M, length]`` are laid out like this."""
        return np.asarray(((octets & self.fixed) == self.template).all(axis=1))

    def parameters(self, octets: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The integer of messages that fit, ``[M]``."""
        digits = octets[:, slice(*self.parameter_span)].astype(np.int64) & 0x7F
        return np.asarray((digits << (7 * np.arange(digits.shape[1]))).sum(axis=1))

    def evaluations(self, octets: NDArray[np.uint8]) -> NDArray[np.float64]:
        """The numbers of messages that fit, ``[M, 3, 5]``."""
        found = np.zeros((len(octets), NUM_EVALUATIONS, len(NUMBERS)))
        for i, places in enumerate(self.numbers[:NUM_EVALUATIONS]):
            for number, start in places.items():
                double = np.ascontiguousarray(octets[:, start : start + 8]).view("<f8")
                found[:, i, number - 1] = double[:, 0]
        return found


def _fields(message: bytes, start: int, stop: int) -> Iterator[Field]:
    """The fields of the message that lies in these bytes."""
    place = start
    while place < stop:
        tag, place = _read_varint(message, place, stop)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            _, behind = _read_varint(message, place, stop)
        elif wire == BYTES:
            length, place = _read_varint(message, place, stop)
            behind = place + length
        elif wire in WIDTHS:
            behind = place + WIDTHS[wire]
        else:
            raise ValueError(f"metrics must have known wire types, got {wire} at byte {place}")
        if behind > stop:
            raise ValueError(f"metrics must end with their fields, got field {number} beyond")
        yield number, wire, place, behind
        place = behind


def _read_varint(message: bytes, start: int, stop: int) -> tuple[int, int]:
    """A number in base 128, the lowest digit first, and the byte behind it."""
    number = 0
    for place in range(start, min(stop, start + MOST_VARINT)):
        number |= (message[place] & 0x7F) << (7 * (place - start))
        if message[place] < 0x80:
            return number, place + 1
    raise ValueError(f"metrics must hold whole numbers, got an endless one at byte {start}")
