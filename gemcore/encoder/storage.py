"""An encoder as two files: weights as safetensors, all else as JSON."""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gemcore.atomic_files import read_document, read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.encoder.coder import Coder
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.features import FlatInput
from gemcore.encoder.report import EncoderReport
from gemcore.listed_space import read_space
from gemcore.plain_config import from_plain, to_plain
from gemcore.space import SearchSpace

DOCUMENT = "gemcore.encoder"
VERSION = 1

CellSource = SearchSpace | CellBatch
Parts = tuple[Coder, EncoderConfig, CellSource, EncoderReport]


def save_parts(
    directory: Path, coder: Coder, config: EncoderConfig, space: CellSource, report: EncoderReport
) -> None:
    """Writes ``encoder.safetensors`` and ``encoder.json``; see :meth:`Encoder.save`."""
    weights = coder.state_dict()
    content = {
        "config": to_plain(config),
        "space": _space_to_plain(space),
        "report": report.to_dict(),
        # A kill between the two files must not leave a pair that seems to belong together.
        "weights": _digest(weights),
    }
    write_tensors(directory / "encoder.safetensors", weights)
    write_document(directory / "encoder.json", content, kind=DOCUMENT, version=VERSION)


def load_parts(directory: Path) -> Parts:
    """What :func:`save_parts` wrote; see :meth:`Encoder.load`."""
    path = directory / "encoder.json"
    content = read_document(path, kind=DOCUMENT, version=VERSION)
    try:
        config = from_plain(EncoderConfig, content["config"])
        space = _space_from_plain(content["space"])
        report = EncoderReport.from_dict(content["report"])
        digest = content["weights"]
    except KeyError as error:
        raise ValueError(f"{path} must describe an encoder, got one that lacks {error}") from error
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} must describe an encoder: {error}") from error
    coder = Coder(FlatInput.of(space, config), config, seed=0)
    path = directory / "encoder.safetensors"
    weights = read_tensors(path)
    wanted = {name: tensor.shape for name, tensor in coder.state_dict().items()}
    found = {name: tensor.shape for name, tensor in weights.items()}
    if found != wanted or _digest(weights) != digest:
        raise ValueError(
            f"{path} must hold the weights that encoder.json beside it speaks of, got others"
        )
    coder.load_state_dict(weights)
    return coder, config, space, report


def _digest(weights: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _space_to_plain(space: CellSource) -> dict[str, Any]:
    if isinstance(space, SearchSpace):
        return {"search_space": to_plain(space)}
    for name in space.op_names:
        if not isinstance(name, str):
            raise ValueError(f"op_names must be strings to be saved, got {name!r}")
    return {"cells": {"num_nodes": space.num_nodes, "op_names": list(space.op_names)}}


def _space_from_plain(plain: dict[str, Any]) -> CellSource:
    if "search_space" in plain:
        return read_space(plain["search_space"])
    cells = plain["cells"]
    nothing = CellBatch.from_cells([], op_names=cells["op_names"])
    return nothing.widen(cells["num_nodes"])
