"""Names of devices to devices."""

import torch


def resolve_device(device: str) -> torch.device:
    """The device of this name; ``"auto"``: the first GPU if there is one, else the CPU.

    Raises:
        ValueError: If the name is no CPU or CUDA device.
        RuntimeError: If there is no such GPU.

    Example:
        >>> resolve_device("cpu")
        device(type='cpu')
    """
    if device == "auto":
        device = "cuda:0" if torch.cuda.is_available() else "cpu"
    try:
        resolved = torch.device(device)
    except RuntimeError:
        resolved = torch.device("meta")
    if resolved.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda[:N]', got {device!r}")
    if resolved.type == "cuda":
        available = torch.cuda.device_count() if torch.cuda.is_available() else 0
        resolved = torch.device("cuda", resolved.index or 0)
        if resolved.index is not None and resolved.index >= available:
            raise RuntimeError(f"device must be available, got {device!r} of {available} GPUs")
    return resolved
