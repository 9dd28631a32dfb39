"""What lets people use a found network without gemcore: ``model.py``, ``classes.json``, README."""

import json
from importlib.metadata import version
from pathlib import Path

from gemcore.atomic_files import write_text
from gemcore.networks.source import own_ops
from gemcore.searching.inputs import can_read_files
from gemcore.searching.measures import describe_worth
from gemcore.searching.model_source import model_source
from gemcore.searching.record import SearchRecord

MODEL, CLASSES, README = MODEL_FILES = ("model.py", "classes.json", "README.md")

BY_IMAGES = """\
import model

network = model.load()
probabilities = network(model.preprocess(images)).softmax(dim=1)  # {images}
print([model.CLASSES[label] for label in probabilities.argmax(dim=1)])
"""
BY_FILES = """\
import model

network = model.load()
name, probability = model.classify(network, "photo.jpg")
probabilities = network(model.preprocess(images)).softmax(dim=1)  # {images}, of 0 .. 255
"""
UNTRAINED = """\
import model

network = model.Network()  # Its weights are random: train it as any torch module.
logits = network(images)  # {images}
"""
BY_GEMCORE = """\
import gemcore

result = gemcore.SearchResult.load(".")
network = result.build()  # Register {ops} first.
"""


def write_model_files(directory: str | Path, record: SearchRecord) -> None:
    """Writes the best network's ``model.py`` and ``README.md``, and the names of its classes.

    Without a best network nothing is written; a cell with an operation of a user's own has no
    ``model.py``, and the README says so.
    """
    directory = Path(directory)
    best, names = record.best, record.setting.task.class_names
    if best is None:
        return
    if own_ops(best.cell):
        (directory / MODEL).unlink(missing_ok=True)
    else:
        write_text(directory / MODEL, model_source(record))
    if names:
        listed = json.dumps(list(names), ensure_ascii=False, indent=1)
        write_text(directory / CLASSES, listed + "\n")
    write_text(directory / README, describe_use(record))


def describe_use(record: SearchRecord) -> str:
    """The README: what the network is, and how to use it in a few lines of Python."""
    setting, best = record.setting, record.best
    assert best is not None
    size = " x ".join(map(str, setting.input_size))
    # As code, so that Markdown reads nothing into a name.
    name = " ".join(setting.task.name.replace("`", "'").split())
    lines = [
        f"# Network for `{name}`",
        "",
        f"Found by gemcore {version('gemcore')}: {setting.num_classes} classes, images of {size} "
        f"(channels, height, width), {describe_worth(record)}.",
        "",
        *_usage(record),
    ]
    return "\n".join(lines) + "\n"


def _usage(record: SearchRecord) -> list[str]:
    best, setting = record.best, record.setting
    assert best is not None
    own = own_ops(best.cell)
    if own:
        ops = ", ".join(map(repr, own))
        note = f"There is no `model.py`, for the cell has operations of your own: {ops}."
        return [note, "", *_block(BY_GEMCORE.format(ops=ops))]
    images = f"images: [N, {', '.join(map(str, setting.input_size))}]"
    if setting.task.preprocessing is None or record.final is None:
        note = "`model.py` needs torch alone. There are no trained weights."
        return [note, "", *_block(UNTRAINED.format(images=images))]
    if not can_read_files(setting.task.preprocessing):
        note = "`model.py` needs torch alone; it reads `model.safetensors`."
        return [note, "", *_block(BY_IMAGES.format(images=images))]
    note = "`model.py` needs torch, and Pillow to read files; it reads `model.safetensors`."
    shell = "In a shell: `python model.py photo.jpg`. Names of the logits: `classes.json`."
    return [note, "", *_block(BY_FILES.format(images=images)), "", shell]


def _block(code: str) -> list[str]:
    return ["```python", *code.splitlines(), "```"]
