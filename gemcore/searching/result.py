"""What a search found, and what one can do with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from gemcore.networks.network import build_network
from gemcore.searching.inputs import check_image_size, iterate_inputs
from gemcore.searching.model_source import model_source
from gemcore.searching.record import Prediction, SearchRecord
from gemcore.searching.result_files import read_parts
from gemcore.searching.run_folder import RunFolder
from gemcore.searching.summary import summarize


@dataclass(frozen=True, eq=False)
class SearchResult(SearchRecord):
    """What a search found: the trials, and its best network."""

    def summary(self) -> str:
        """A few lines of at most 80 columns: the best cell, its worth, and how it was found."""
        return summarize(self)

    def build(
        self,
        num_classes: int | None = None,
        input_size: int | tuple[int, int, int] | None = None,
    ) -> nn.Module:
        """The network of the best cell: the trained one, or a fresh one for a task of your own.

        Args:
            num_classes: Logits of a fresh network. Default: as in the search.
            input_size: (channels, height, width) of the images of a fresh network, or their height
                and width as one number. Default: as in the search. Any size that is not too small
                will do; only the channels show in the network.

        Returns:
            Without arguments the trained network, in evaluation mode; otherwise a fresh one,
            whose weights come from torch's global generator.

        Raises:
            RuntimeError: If no trial is complete.
            ValueError: If the images are too small for the network's reductions.
        """
        best = self.best
        if best is None:
            raise RuntimeError(f"[build] no trial is complete: {self.status}")
        setting = self.setting
        channels = setting.input_size[0]
        if input_size is not None:
            channels = check_image_size(input_size, channels, setting.skeleton)
        fresh = num_classes is not None or input_size is not None
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

    def to_source(self) -> str:
        """One Python file that defines the network as written by hand; it needs torch alone.

        It reads the ``model.safetensors`` of a run folder, where it lies as ``model.py``, and
        answers as :meth:`build` does, to the bit in fp32 on the CPU. Where the task had images it
        has their preprocessing and the names of the classes, and where these were bytes it reads
        image files, with Pillow.

        Raises:
            RuntimeError: If no trial is complete.
            ValueError: If the cell has an operation of a user's own.
        """
        return model_source(self)

    def predict(self, images: Any) -> Prediction:
        """Classes of images, by the trained network.

        Args:
            images: Like the images of the task, of the same size and range of values; they are
                standardized here. Or the path of an image file, or a list of paths; files are
                turned, scaled and cut as :meth:`ProxyTask.from_folder` does.

        Raises:
            RuntimeError: If there is no trained network: the search was over a function, or it
                did not get that far.
            ValueError: If the images have another shape or a value that is not finite; if a file
                can't be read; or for files, if the task's images were no bytes.
        """
        facts = self.setting.task
        if self.final is None or facts.preprocessing is None:
            raise RuntimeError(
                "[predict] there is no trained network: the task has no images, or the search "
                f"did not get that far (status: {self.status})"
            )
        network = self.build()
        with torch.no_grad():
            chunks = [
                network(chunk).softmax(dim=1)
                for chunk in iterate_inputs(images, facts.preprocessing)
            ]
        empty = torch.zeros(0, len(facts.class_names), dtype=torch.float32)
        probabilities = torch.cat([empty, *chunks]).numpy()
        names = np.array(facts.class_names)
        return Prediction(names[probabilities.argmax(axis=1)], probabilities, facts.class_names)

    def save(self, directory: str | Path) -> None:
        """Writes the result to a folder, as a run does; see :mod:`gemcore.searching.run_folder`.

        Raises:
            ValueError: If the folder holds the result of another run.
        """
        with RunFolder(directory, self.setting) as folder:
            folder.write(self)

    @classmethod
    def load(cls, directory: str | Path) -> "SearchResult":
        """The result in a folder: of a run, finished or not, or of :meth:`save`.

        Raises:
            FileNotFoundError: If there is no result.
            ValueError: If a file is corrupt, of another kind or newer; it is named.
        """
        return cls(**read_parts(directory))
