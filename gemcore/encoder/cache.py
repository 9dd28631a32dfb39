"""Encoders that were trained before are not trained again."""

import dataclasses
from typing import Any

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

ENCODER, INVARIANT = "encoder", "invariant-encoder"


def cached_encoder(
    space: CellSource,
    config: EncoderConfig | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> Encoder:
    """What :func:`train_encoder` gives, from the user's cache if it was trained before.

    See :func:`gemcore.learned_cache.cache_folder` for where that is.
    """
    config = config or EncoderConfig()
    return remembered(
        ENCODER,
        _facts(space, config, seed, storage.VERSION),
        learn=lambda: train_encoder(space, config, seed=seed, progress=progress),
        save=Encoder.save,
        load=Encoder.load,
    )


def cached_invariant_encoder(
    space: CellSource,
    config: InvariantConfig | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> InvariantEncoder:
    """What :func:`train_invariant_encoder` gives, likewise."""
    config = config or InvariantConfig()
    return remembered(
        INVARIANT,
        _facts(space, config, seed, invariant.VERSION),
        learn=lambda: train_invariant_encoder(space, config, seed=seed, progress=progress),
        save=InvariantEncoder.save,
        load=InvariantEncoder.load,
    )


def is_cached(space: CellSource, config: InvariantConfig | None = None, *, seed: int = 0) -> bool:
    """Whether :func:`cached_invariant_encoder` need not train."""
    facts = _facts(space, config or InvariantConfig(), seed, invariant.VERSION)
    return entry_folder(INVARIANT, facts).exists()


def _facts(
    space: CellSource, config: EncoderConfig | InvariantConfig, seed: int, version: int
) -> dict[str, Any]:
    """All that an encoder depends on."""
    # The kind of device decides about last bits, and these about more in the end.
    device = resolve_device(config.device).type
    source = (
        {"search_space": to_plain(space)}
        if isinstance(space, SearchSpace)
        else {"cells": fingerprint_of(space)}
    )
    plain = to_plain(dataclasses.replace(config, device=device))
    return {"version": version, "config": plain, "seed": seed, **source}
