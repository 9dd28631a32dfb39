"""A search's record as files: numbers in JSON, weights as safetensors, the rest for people."""

import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from gemcore.atomic_files import (
    read_document,
    read_tensors,
    write_bytes,
    write_document,
    write_tensors,
    write_text,
)
from gemcore.cell import Cell
from gemcore.encoder import Encoder
from gemcore.searching.model_files import write_model_files
from gemcore.searching.record import FinalNetwork, RandomBaseline, SearchRecord
from gemcore.searching.setting import SearchSetting
from gemcore.searching.summary import summarize
from gemcore.trials.optuna_store import OptunaStore
from gemcore.trials.store import KNOWN, RERUN, SEARCH, MemoryStore, TrialStore
from gemcore.trials.trial import Trial

DOCUMENT, VERSION = "gemcore.result", 2
RANDOM_STREAM = 1  # Version of the layout of csrc/graph/sample.h, which decides the cells.
RESULT, STORE, WEIGHTS, ENCODER, SUMMARY = (
    "result.json",
    "trials.db",
    "model.safetensors",
    "encoder",
    "summary.txt",
)
PICTURES = ("cell.png", "cell.svg")
COMPLETE, RUNNING = "complete", "running"


def write_record(directory: Path, record: SearchRecord) -> None:
    """Writes everything but the encoder; the numbers last, for they say that all is there."""
    if record.final is not None:
        write_tensors(directory / WEIGHTS, record.final.weights)
    if record.best is not None:
        _write_pictures(directory, record.best.cell)
        write_model_files(directory, record)
    write_text(directory / SUMMARY, summarize(record) + "\n")
    write_numbers(directory, record)


def write_numbers(
    directory: Path, record: SearchRecord, facts: dict[str, Any] | None = None
) -> None:
    """Replaces ``result.json``.

    Args:
        directory: Where it lies.
        record: What is known.
        facts: Of the store, from which an unfinished run can go on if its store is lost.
    """
    baseline = record.baseline
    content = {
        "run_id": record.setting.run_id,
        "status": record.status,
        "notes": list(record.notes),
        "setting": record.setting.to_dict(),
        "trials": [trial.to_dict() for trial in record.trials],
        "reruns": [trial.to_dict() for trial in record.reruns],
        "best": None if record.best is None else record.best.index,
        "pareto": {
            "objectives": [record.objectives.metric, *record.objectives.costs],
            "trials": [trial.index for trial in record.pareto()],
            "hypervolume": record.hypervolume,
        },
        "final": None if record.final is None else {"metrics": record.final.metrics},
        "baseline": None
        if baseline is None
        else {
            "trials": [trial.to_dict() for trial in baseline.trials],
            "metrics": baseline.metrics,
        },
        "has_encoder": record.encoder is not None,
        "seconds": record.seconds,
        "facts": facts or {},
        "made_with": {
            "gemcore": version("gemcore"),
            "torch": torch.__version__,
            "random_stream": RANDOM_STREAM,
        },
    }
    write_document(directory / RESULT, content, kind=DOCUMENT, version=VERSION)


def _write_pictures(directory: Path, cell: Cell) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:  # What draws needs a file of its own.
        for name in PICTURES:
            drawn = Path(elsewhere) / name
            cell.draw(drawn)
            write_bytes(directory / name, drawn.read_bytes())


def read_status_of(directory: Path) -> str | None:
    """The status in ``result.json``; None if there is no such file.

    Raises:
        ValueError: If the file is corrupt, of another kind or newer; it is named.
    """
    path = directory / RESULT
    if not path.exists():
        return None
    return str(read_document(path, kind=DOCUMENT, version=VERSION).get("status"))


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
            "reruns": [Trial.from_dict(trial) for trial in content.get("reruns", ())],
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
    if parts["status"] == RUNNING and (directory / STORE).exists():
        parts |= _stored_trials(directory / STORE)
    if metrics is not None:
        parts["final"] = FinalNetwork(metrics, read_tensors(directory / WEIGHTS))
    if has_encoder:
        parts["encoder"] = Encoder.load(directory / ENCODER)
    return parts


def read_kept(directory: Path) -> TrialStore:
    """Trials and facts that an unfinished run left in ``result.json`` when it ended."""
    kept = MemoryStore()
    path = directory / RESULT
    if not path.exists():
        return kept
    content = read_document(path, kind=DOCUMENT, version=VERSION)
    facts = content.get("facts", {})
    for name, value in facts.items():
        kept.write(name, value)
    num_known = facts.get("known", {}).get("number", 0)
    for plain in content["trials"]:
        trial = Trial.from_dict(plain)
        kept.add(trial, KNOWN if trial.index < num_known else SEARCH)
    for plain in content.get("reruns", ()):
        kept.add(Trial.from_dict(plain), RERUN)
    return kept


def _stored_trials(path: Path) -> dict[str, list[Trial]]:
    """The trials of a run that goes on, or that was killed."""
    with closing(OptunaStore(path)) as store:
        trials = store.trials(KNOWN) + store.trials(SEARCH)
        return {"trials": trials, "reruns": store.trials(RERUN)}
