"""The folder of a run: what lies in it, and how it is written and read.

``config.toml``         what was searched and how, for people; written first, it claims the folder
``result.json``         the trials and what is known of them, rewritten after each trial
``encoder/``            the trained encoder
``model.safetensors``   weights of the winner's trained network
``cell.png, cell.svg``  picture of the winner
``summary.txt``         what the run printed in the end
"""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w
import torch

from gemcore.atomic_files import (
    read_document,
    read_tensors,
    write_document,
    write_tensors,
    write_text,
)
from gemcore.encoder import Encoder
from gemcore.searching.record import FinalNetwork, RandomBaseline, SearchRecord
from gemcore.searching.setting import SearchSetting
from gemcore.searching.summary import summarize
from gemcore.trials.trial import Trial

DOCUMENT = "gemcore.result"
VERSION = 1
RANDOM_STREAM = 1  # Version of the layout of csrc/graph/sample.h, which decides the cells.
RESULT, CONFIG, WEIGHTS, ENCODER, SUMMARY = (
    "result.json",
    "config.toml",
    "model.safetensors",
    "encoder",
    "summary.txt",
)
PICTURES = ("cell.png", "cell.svg")


class RunFolder:
    """A folder that holds one run and nothing of another."""

    def __init__(self, directory: Path, setting: SearchSetting) -> None:
        self.directory = directory
        self.setting = setting

    @classmethod
    def claim(cls, directory: str | Path, setting: SearchSetting) -> "RunFolder":
        """The folder of a run that begins: made, tried for writing, and marked.

        Raises:
            ValueError: If it holds a run already, or files that this run would overwrite.
            RuntimeError: If it cannot be written.
        """
        folder = cls(Path(directory), setting)
        ours = (RESULT, CONFIG, WEIGHTS, ENCODER, SUMMARY, *PICTURES)
        taken = [name for name in ours if os.path.lexists(folder.directory / name)]
        if taken:
            raise ValueError(
                f"out must be a new folder or one without a run, got {str(directory)!r}, which "
                f"holds {', '.join(taken)}"
            )
        folder._mark("x")  # Fails if another run claims the folder at the same time.
        return folder

    @classmethod
    def open(cls, directory: str | Path, setting: SearchSetting) -> "RunFolder":
        """A folder to save a result in: new, or of the same run.

        Raises:
            ValueError: If it holds another run.
            RuntimeError: If it cannot be written.
        """
        folder = cls(Path(directory), setting)
        path = folder.directory / RESULT
        if not path.exists():
            return cls.claim(directory, setting)
        found = read_document(path, kind=DOCUMENT, version=VERSION).get("run_id")
        if found != setting.run_id:
            raise ValueError(
                f"directory must be a new folder or that of the same run {setting.run_id}, got "
                f"{str(directory)!r}, which holds run {found}"
            )
        folder._mark("w")
        return folder

    def write(self, result: SearchRecord) -> None:
        """Writes everything: numbers, encoder, weights, pictures, summary."""
        if result.encoder is not None:
            self.write_encoder(result.encoder)
        if result.final is not None:
            write_tensors(self.directory / WEIGHTS, result.final.weights)
        self.write_numbers(result)
        if result.best is not None:
            for name in PICTURES:
                # Under another name first: a picture is whole or absent as well.
                beside = self.directory / f".{name}"
                result.best.cell.draw(beside)
                os.replace(beside, self.directory / name)
        write_text(self.directory / SUMMARY, summarize(result) + "\n")

    def write_encoder(self, encoder: Encoder) -> None:
        """Writes the encoder, which is worth keeping as soon as it is trained."""
        encoder.save(self.directory / ENCODER)

    def write_numbers(self, result: SearchRecord) -> None:
        """Replaces ``result.json``, which is cheap enough to do after each trial."""
        baseline = result.baseline
        content = {
            "run_id": self.setting.run_id,
            "status": result.status,
            "notes": list(result.notes),
            "setting": self.setting.to_dict(),
            "trials": [trial.to_dict() for trial in result.trials],
            "best": None if result.best is None else result.best.index,
            "final": None if result.final is None else {"metrics": result.final.metrics},
            "baseline": None
            if baseline is None
            else {
                "trials": [trial.to_dict() for trial in baseline.trials],
                "metrics": baseline.metrics,
            },
            "has_encoder": result.encoder is not None,
            "seconds": result.seconds,
            "made_with": {
                "gemcore": version("gemcore"),
                "torch": torch.__version__,
                "random_stream": RANDOM_STREAM,
            },
        }
        write_document(self.directory / RESULT, content, kind=DOCUMENT, version=VERSION)

    def _mark(self, mode: str) -> None:
        head = {"run_id": self.setting.run_id, "gemcore": version("gemcore")}
        plain = _without_none(head | self.setting.to_dict())
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with open(self.directory / CONFIG, mode, encoding="utf-8") as stream:
                stream.write(tomli_w.dumps(plain))
        except OSError as error:
            raise RuntimeError(
                f"[run folder] {str(self.directory)!r} cannot be written: {error}"
            ) from error


def read_parts(directory: str | Path) -> dict[str, Any]:
    """The fields of the record that lies in a folder.

    Raises:
        FileNotFoundError: If there is no result.
        ValueError: If a file is corrupt, of another kind or newer; it is named.
    """
    directory = Path(directory)
    path = directory / RESULT
    content = read_document(path, kind=DOCUMENT, version=VERSION)
    try:
        baseline, final = content["baseline"], content["final"]
        parts = {
            "setting": SearchSetting.from_dict(content["setting"]),
            "trials": [Trial.from_dict(trial) for trial in content["trials"]],
            "status": content["status"],
            "notes": tuple(content["notes"]),
            "seconds": dict(content["seconds"]),
            "baseline": None
            if baseline is None
            else RandomBaseline(
                [Trial.from_dict(trial) for trial in baseline["trials"]], dict(baseline["metrics"])
            ),
        }
        metrics = None if final is None else dict(final["metrics"])
        has_encoder = bool(content["has_encoder"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} must describe a search, got {error!r} in reading it") from error
    if metrics is not None:
        parts["final"] = FinalNetwork(metrics, read_tensors(directory / WEIGHTS))
    if has_encoder:
        parts["encoder"] = Encoder.load(directory / ENCODER)
    return parts


def _without_none(value: Any) -> Any:
    """TOML has no null: what is None is left out."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return [_without_none(item) for item in value] if isinstance(value, list) else value
