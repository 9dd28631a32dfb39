"""Encoders that were trained before are not trained again."""

import dataclasses
from typing import Any, overload

from gemcore.devices import resolve_device
from gemcore.encoder import invariant, storage
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.invariant import InvariantEncoder
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_training import train_invariant_encoder
from gemcore.encoder.model import Encoder
from gemcore.encoder.training import train_encoder
from gemcore.learned_cache import entry_folder, remembered
from gemcore.listed_space import CellSource, fingerprint_of
from gemcore.plain_config import to_plain
from gemcore.space import SearchSpace

FORMATS: dict[type, tuple[str, int]] = {  # Name of an entry and version of its files.
    EncoderConfig: ("encoder", storage.VERSION),
    InvariantConfig: ("invariant-encoder", invariant.VERSION),
}


@overload
def cached_encoder(
    space: CellSource, config: InvariantConfig, *, seed: int = 0, progress: bool = False
) -> InvariantEncoder: ...
@overload
def cached_encoder(
    space: CellSource, config: EncoderConfig | None = None, *, seed: int = 0, progress: bool = False
) -> Encoder: ...
def cached_encoder(
    space: CellSource,
    config: EncoderConfig | InvariantConfig | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Encoder | InvariantEncoder:
    """What :func:`train_encoder` or :func:`train_invariant_encoder` gives, as the settings say.

    It comes from the user's cache if it was trained before; see
    :func:`gemcore.learned_cache.cache_folder` for where that is.
    """
    config = config or EncoderConfig()
    is_invariant = isinstance(config, InvariantConfig)
    train: Any = train_invariant_encoder if is_invariant else train_encoder
    kind: Any = InvariantEncoder if is_invariant else Encoder
    encoder: Encoder | InvariantEncoder = remembered(
        FORMATS[type(config)][0],
        _facts(space, config, seed),
        learn=lambda: train(space, config, seed=seed, progress=progress),
        save=kind.save,
        load=kind.load,
    )
    return encoder


def is_cached(space: CellSource, config: EncoderConfig | InvariantConfig, *, seed: int = 0) -> bool:
    """Whether :func:`cached_encoder` need not train."""
    return entry_folder(FORMATS[type(config)][0], _facts(space, config, seed)).exists()


def _facts(space: CellSource, config: EncoderConfig | InvariantConfig, seed: int) -> dict[str, Any]:
    """All that an encoder depends on."""
    # The kind of device decides about last bits, and these about more in the end.
    device = resolve_device(config.device).type
    source = (
        {"search_space": to_plain(space)}
        if isinstance(space, SearchSpace)
        else {"cells": fingerprint_of(space)}
    )
    plain = to_plain(dataclasses.replace(config, device=device))
    return {"version": FORMATS[type(config)][1], "config": plain, "seed": seed, **source}
