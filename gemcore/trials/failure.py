"""Why a candidate failed, in one line."""

import torch

LONGEST = 500  # Characters of a reason; some libraries put whole programs into their messages.


def describe_failure(error: Exception) -> str:
    """Reason of a failed trial: kind of the error and its message.

    Example:
        >>> describe_failure(FileNotFoundError("no such file: /data"))
        'FileNotFoundError: no such file: /data'
        >>> describe_failure(FloatingPointError("the training loss became nan in epoch 1"))
        'the training loss became nan in epoch 1'
    """
    message = " ".join(str(error).split())
    if is_out_of_memory(error):
        text = f"out of memory: {message}" if message else "out of memory"
    elif isinstance(error, FloatingPointError) and message:
        text = message
    else:
        name = type(error).__name__
        text = f"{name}: {message}" if message else name
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed: torch says so on a CPU by a RuntimeError's text alone."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and (
        "not enough memory" in text or "can't allocate memory" in text or "out of memory" in text
    )
