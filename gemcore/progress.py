"""The one progress bar of every long call."""

from typing import Any

from tqdm import tqdm


def progress_bar(
    total: int, phase: str, *, enabled: bool, unit: str = "it", done: int = 0
) -> "tqdm[Any]":
    """A bar on standard error that names the phase, the rate and the time left.

    Args:
        total: Number of steps.
        phase: What is being done, in a few words.
        enabled: False gives a bar that shows nothing.
        unit: What a step is.
        done: Steps that were made before.
    """
    return tqdm(
        total=total,
        initial=done,
        desc=phase,
        unit=unit,
        disable=not enabled,
        dynamic_ncols=True,
        smoothing=0.1,
    )
