"""The best network as one Python file that needs torch alone."""

from importlib.metadata import version

from gemcore.networks.source import NetworkSource
from gemcore.python_text import assign_tuple, docstring, escape, quote
from gemcore.searching.image_reading import READING
from gemcore.searching.inputs import can_read_files
from gemcore.searching.measures import describe_worth
from gemcore.searching.model_parts import LOADING, MAIN, PREPROCESSING
from gemcore.searching.record import SearchRecord

LONGEST_NAME = 60
# Letters that look like others are flagged by linters; names are as they are.
FOREIGN_LETTERS = "# ruff: noqa: RUF001, RUF002, RUF100\n"


def model_source(record: SearchRecord) -> str:
    """A file that defines the network, reads its weights, and prepares images for it.

    Raises:
        RuntimeError: If no trial is complete.
        ValueError: If the cell has an operation of a user's own.
    """
    best, setting = record.best, record.setting
    if best is None:
        raise RuntimeError(f"[to_source] no trial is complete: {record.status}")
    network = NetworkSource(
        best.cell, setting.skeleton, setting.num_classes, setting.input_size[0]
    ).write()
    has_images = setting.task.preprocessing is not None
    has_files = can_read_files(setting.task.preprocessing)
    start = "\n".join([_head(record), _imports(has_files), *_constants(record)])
    parts = [start, network, LOADING]
    if has_images:
        scale = "of 0 .. 255" if has_files else "on the scale of the training images"
        parts.append(PREPROCESSING.format(scale=scale))
    if has_files:
        parts += [READING, MAIN]
    text = "\n\n".join(parts)
    return text if text.isascii() else FOREIGN_LETTERS + text


def _head(record: SearchRecord) -> str:
    setting = record.setting
    name = setting.task.name
    name = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."
    title = f"Network for '{escape(name)}': {setting.num_classes} classes."
    size = " x ".join(map(str, setting.input_size))
    found = (
        f"Found by gemcore {version('gemcore')} for images of {size} (channels, height, width): "
        f"{escape(describe_worth(record))}."
    )
    return docstring(title, found, *_usage(record))


def _usage(record: SearchRecord) -> list[str]:
    if record.setting.task.preprocessing is None or record.final is None:
        start = "network = model.Network()  # Its weights are random: train it as any module."
        return [f"    import model\n\n    {start}\n    logits = network(images)"]
    lines = ["import model", "", "network = model.load()  # Of model.safetensors beside this file."]
    has_files = can_read_files(record.setting.task.preprocessing)
    if has_files:
        lines.append('name, probability = model.classify(network, "photo.jpg")')
    lines.append("probabilities = network(model.preprocess(images)).softmax(dim=1)")
    usage = ["\n".join(f"    {line}".rstrip() for line in lines)]
    return [*usage, "In a shell: python model.py photo.jpg"] if has_files else usage


def _imports(has_files: bool) -> str:
    lines = ["import argparse", "import json", "import struct"] if has_files else ["import json"]
    lines += ["from collections import OrderedDict", "from pathlib import Path", ""]
    return "\n".join([*lines, "import torch", "from torch import Tensor, nn", ""])


def _constants(record: SearchRecord) -> list[str]:
    task = record.setting.task
    if task.preprocessing is None:
        return []
    return [
        assign_tuple("CLASSES", [quote(name, indent=4) for name in task.class_names]),
        assign_tuple("INPUT_SIZE", list(map(repr, record.setting.input_size)))
        + "  # Channels, height, width of the training images.",
        "# Of each channel of the training images.",
        assign_tuple("MEAN", list(map(repr, task.preprocessing.mean))),
        assign_tuple("STD", list(map(repr, task.preprocessing.std))),
        "",
    ]
