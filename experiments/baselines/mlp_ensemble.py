"""The predictor of BANANAS: five deep, narrow networks, fitted side by side."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NUM_MEMBERS = 5
WIDTHS = (20,) * 10
EPOCHS, BATCH_SIZE, LEARNING_RATE = 150, 32, 0.01
DECAYS, EPS = (0.9, 0.999), 1e-7


class MLPEnsemble:
    """ReLU networks of ten layers of twenty, fitted to the mean absolute error.

    On matrices this small calls cost more than products: a layer is one tensor ``[M, in + 1, out]``
    of all M members, the last row its biases, and all layers lie in one vector, so that a step of
    the optimizer is a dozen calls. (The same in torch took three times as long.)

    Args:
        num_inputs: Numbers that a network sees.
        generator: Of first weights and of the order of the data.

    Source: White, Neiswanger & Savani, "BANANAS", AAAI 2021, section 5 and appendix.
    """

    def __init__(self, num_inputs: int, generator: np.random.Generator) -> None:
        self.generator = generator
        widths = list(pairwise((num_inputs, *WIDTHS, 1)))
        shapes = [(NUM_MEMBERS, rows + 1, columns) for rows, columns in widths]
        ends = np.cumsum([np.prod(shape) for shape in shapes])
        self.values, self.gradient = np.zeros((2, ends[-1]), dtype=np.float32)
        self.layers, self._slopes = (
            [piece.reshape(s) for piece, s in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
            for flat in (self.values, self.gradient)
        )
        for layer, (rows, columns) in zip(self.layers, widths, strict=True):
            bound = (6 / (rows + columns)) ** 0.5  # Glorot's uniform weights; biases stay 0.
            layer[:, :-1] = generator.uniform(-bound, bound, (NUM_MEMBERS, rows, columns))

    def fit(self, inputs: Floats, targets: NDArray[np.float64]) -> None:
        """Fits to inputs ``[B, num_inputs]`` and targets ``[B]``, each member in its own order."""
        wanted = targets.astype(np.float32)
        optimizer = Adam(self.values, self.gradient)
        for _ in range(EPOCHS):
            order = self.generator.random((NUM_MEMBERS, len(inputs))).argsort(axis=1)
            for start in range(0, len(inputs), BATCH_SIZE):
                batch = order[:, start : start + BATCH_SIZE]
                self.backward(inputs[batch], wanted[batch])
                optimizer.step()

    def predict(self, inputs: Floats) -> NDArray[np.float64]:
        """Predictions of each member, float64 ``[M, B]``."""
        shared = np.broadcast_to(inputs, (NUM_MEMBERS, *inputs.shape))
        outputs, _ = self._forward(shared)
        return outputs.astype(np.float64)

    def backward(self, inputs: Floats, targets: Floats) -> None:
        """Gradient of each member's mean absolute error on its own inputs and targets.

        Args:
            inputs: ``[M, B, num_inputs]``.
            targets: ``[M, B]``.
        """
        outputs, hidden = self._forward(inputs)
        slope = (np.sign(outputs - targets) / np.float32(targets.shape[1]))[:, :, None]
        for place in reversed(range(len(self.layers))):
            np.matmul(hidden[place].swapaxes(1, 2), slope, out=self._slopes[place])
            if place:
                slope = slope @ self.layers[place][:, :-1].swapaxes(1, 2)
                slope *= hidden[place][:, :, :-1] > 0

    def _forward(self, inputs: Floats) -> tuple[Floats, list[Floats]]:
        """Outputs ``[M, B]``, and what each layer read, with a last column of ones."""
        hidden = [_with_ones(inputs)]
        for layer in self.layers[:-1]:
            hidden.append(_with_ones(np.maximum(hidden[-1] @ layer, 0)))
        return (hidden[-1] @ self.layers[-1])[:, :, 0], hidden


class Adam:
    """Moves values against their gradient, in place.

    Source: Kingma & Ba, "Adam", ICLR 2015, algorithm 1.
    """

    def __init__(self, values: Floats, gradient: Floats) -> None:
        self._values, self._gradient = values, gradient
        self._first, self._second, self._room = np.zeros((3, len(values)), dtype=np.float32)
        self._steps = 0

    def step(self) -> None:
        """One step."""
        self._steps += 1
        room: Any = self._room
        for moment, decay, power in ((self._first, DECAYS[0], 1), (self._second, DECAYS[1], 2)):
            moment *= decay
            np.multiply(self._gradient, 1 - decay, out=room)
            moment += room if power == 1 else np.multiply(room, self._gradient, out=room)
        np.sqrt(self._second, out=room)
        room /= (1 - DECAYS[1] ** self._steps) ** 0.5
        room += EPS
        np.divide(self._first, room, out=room)
        room *= LEARNING_RATE / (1 - DECAYS[0] ** self._steps)
        self._values -= room


def _with_ones(inputs: Floats) -> Floats:
    wide = np.ones((*inputs.shape[:2], inputs.shape[2] + 1), dtype=np.float32)
    wide[:, :, :-1] = inputs
    return wide
