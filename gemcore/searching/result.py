"""What a search found, and what one can do with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gemcore.networks.network import build_network
from gemcore.searching.record import Prediction, SearchRecord
from gemcore.searching.run_folder import RunFolder, read_parts
from gemcore.searching.summary import summarize

CHUNK = 256  # Images at once in a prediction.


@dataclass(frozen=True, eq=False)
class SearchResult(SearchRecord):
    """What a search found: the trials, and its best network."""

    def summary(self) -> str:
        """A few lines of at most 80 columns: the best cell, its worth, and how it was found."""
        return summarize(self)

    def build(self, num_classes: int | None = None, *, in_channels: int | None = None) -> nn.Module:
        """The network of the best cell.

        Args:
            num_classes: Logits of a fresh network, for a task of your own.
            in_channels: Channels of its images. Default: as in the search.

        Returns:
            Without arguments the trained network, in evaluation mode; otherwise a fresh one,
            whose weights come from torch's global generator.

        Raises:
            RuntimeError: If no trial is complete.
        """
        best = self.best
        if best is None:
            raise RuntimeError(f"[build] no trial is complete: {self.status}")
        setting = self.setting
        fresh = num_classes is not None or in_channels is not None
        channels = setting.input_size[0] if in_channels is None else in_channels
        classes = setting.num_classes if num_classes is None else num_classes
        if fresh or self.final is None:
            return build_network(
                best.cell, setting.skeleton, num_classes=classes, in_channels=channels
            )
        with torch.random.fork_rng(devices=[]):  # Its random weights are replaced at once.
            network = build_network(
                best.cell, setting.skeleton, num_classes=classes, in_channels=channels
            )
        network.to(torch.float32).load_state_dict(self.final.weights)
        return network.eval()

    def predict(self, images: Any) -> Prediction:
        """Classes of images, by the trained network.

        Args:
            images: Like the images of the task, of the same size and range of values; they are
                standardized here.

        Raises:
            RuntimeError: If there is no trained network: the search was over a function, or it
                did not get that far.
            ValueError: If the images have another shape or a value that is not finite.
        """
        facts = self.setting.task
        if self.final is None or facts.preprocessing is None:
            raise RuntimeError(
                "[predict] there is no trained network: the task has no images, or the search "
                f"did not get that far (status: {self.status})"
            )
        tensor = facts.preprocessing.apply(images)
        network = self.build()
        with torch.no_grad():
            chunks = [network(chunk).softmax(dim=1) for chunk in torch.split(tensor, CHUNK)]
        empty = torch.zeros(0, len(facts.class_names), dtype=torch.float32)
        probabilities = torch.cat([empty, *chunks]).numpy()
        names = np.array(facts.class_names)
        return Prediction(names[probabilities.argmax(axis=1)], probabilities, facts.class_names)

    def save(self, directory: str | Path) -> None:
        """Writes the result to a folder, as a run does; see :mod:`gemcore.searching.run_folder`.

        Raises:
            ValueError: If the folder holds the result of another run.
        """
        RunFolder.open(directory, self.setting).write(self)

    @classmethod
    def load(cls, directory: str | Path) -> "SearchResult":
        """The result in a folder: of a run, finished or not, or of :meth:`save`.

        Raises:
            FileNotFoundError: If there is no result.
            ValueError: If a file is corrupt, of another kind or newer; it is named.
        """
        return cls(**read_parts(directory))
