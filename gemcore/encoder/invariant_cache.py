"""Invariant encoders that were trained before are not trained again."""

import dataclasses
from typing import Any

from gemcore.devices import resolve_device
from gemcore.encoder.invariant import VERSION, InvariantEncoder
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_targets import CellSource
from gemcore.encoder.invariant_training import train_invariant_encoder
from gemcore.learned_cache import entry_folder, remembered
from gemcore.listed_space import fingerprint_of
from gemcore.plain_config import to_plain
from gemcore.space import SearchSpace

KIND = "invariant-encoder"


def cached_invariant_encoder(
    space: CellSource,
    config: InvariantConfig | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> InvariantEncoder:
    """What :func:`train_invariant_encoder` gives, from the user's cache if it was trained before.

    See :func:`gemcore.learned_cache.cache_folder` for where that is.
    """
    config = config or InvariantConfig()
    return remembered(
        KIND,
        encoder_facts(space, config, seed),
        learn=lambda: train_invariant_encoder(space, config, seed=seed, progress=progress),
        save=InvariantEncoder.save,
        load=InvariantEncoder.load,
    )


def is_cached(space: CellSource, config: InvariantConfig | None = None, *, seed: int = 0) -> bool:
    """Whether the encoder is there at once."""
    return entry_folder(KIND, encoder_facts(space, config or InvariantConfig(), seed)).exists()


def encoder_facts(space: CellSource, config: InvariantConfig, seed: int) -> dict[str, Any]:
    """All that an encoder depends on."""
    # The kind of device decides about last bits, which decide about more in the end.
    device = resolve_device(config.device).type
    source = (
        {"search_space": to_plain(space)}
        if isinstance(space, SearchSpace)
        else {"cells": fingerprint_of(space)}
    )
    plain = to_plain(dataclasses.replace(config, device=device))
    return {"version": VERSION, "config": plain, "seed": seed, **source}
