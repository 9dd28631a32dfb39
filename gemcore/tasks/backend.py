"""On what and with which numbers networks are trained: decided once, stored, used again."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

import torch

from gemcore.arguments import check_in, check_int, check_type
from gemcore.devices import resolve_device
from gemcore.networks.skeleton import Skeleton
from gemcore.tasks.training_config import TrainingConfig

# bfloat16 needs casts around every convolution. They pay from about so many values that a stage
# holds of one image (width * height * width in pixels). Measured in channels_last on one core with
# avx512_bf16, time of bfloat16 over float32: 1.6 at 512 and at 1024, 1.1 at 2048, .93 at 4096,
# .96 at 8192, .79 at 16,384, .61 at 32,768, .58 at 65,536.
BFLOAT16_VALUES = 16_384


@dataclass(frozen=True)
class ResolvedBackend:
    """What decides, beside seeds and data, about the bits of a trained network.

    Args:
        device: ``"cpu"``, ``"cuda:0"``, ...
        precision: Of convolutions and linear layers.
        memory_format: Order of the numbers of images and weights in memory.
        threads: CPU threads that train one network.
        torch_version: Of the torch that trains.
    """

    device: str
    precision: Literal["float32", "bfloat16"]
    memory_format: Literal["channels_first", "channels_last"]
    threads: int
    torch_version: str

    def __post_init__(self) -> None:
        check_type("device", self.device, str)
        check_in("precision", self.precision, ("float32", "bfloat16"))
        check_in("memory_format", self.memory_format, ("channels_first", "channels_last"))
        check_int("threads", self.threads, 1)
        check_type("torch_version", self.torch_version, str)

    @property
    def torch_format(self) -> torch.memory_format:
        """The memory format as torch names it."""
        last = self.memory_format == "channels_last"
        return torch.channels_last if last else torch.contiguous_format

    def to_dict(self) -> dict[str, Any]:
        """The same as numbers and strings, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Reads what :meth:`to_dict` wrote.

        Raises:
            ValueError: If a key is missing or unknown.
        """
        check_type("backend", data, Mapping)
        wanted = [field.name for field in fields(cls)]
        if set(data) != set(wanted):
            raise ValueError(
                f"backend must have the keys {', '.join(wanted)}, got {', '.join(data)}"
            )
        return cls(**data)


def num_cores() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux: a container or taskset may allow fewer.
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def resolve_backend(
    training: TrainingConfig,
    skeleton: Skeleton,
    *,
    input_size: tuple[int, int, int],
    num_workers: int = 1,
) -> ResolvedBackend:
    """Decides what ``"auto"`` and ``None`` mean in ``training`` on this machine.

    bfloat16 is taken where the hardware multiplies it (CUDA, AVX512_BF16, AMX) and the first
    stage of the skeleton holds at least 16,384 values of an image.

    Args:
        training: What is asked for.
        skeleton: Of the networks to train.
        input_size: (channels, height, width) of an image.
        num_workers: Networks trained side by side, which share the cores.

    Raises:
        ValueError: If the device's name is none.
        RuntimeError: If there is no such GPU.
    """
    device = resolve_device(training.device)
    precision = training.precision
    if precision == "auto":
        values = skeleton.stages[0].width * input_size[1] * input_size[2]
        pays = values >= BFLOAT16_VALUES and _multiplies_bfloat16(device)
        precision = "bfloat16" if pays else "float32"
    return ResolvedBackend(
        device=str(device),
        precision=precision,
        memory_format="channels_last",
        threads=training.threads or max(1, num_cores() // num_workers),
        torch_version=torch.__version__,
    )


def _multiplies_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, flag, bool)() for flag in flags)  # bool() is False.
