"""Training that neither depends on the caller's global state of torch nor changes it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from gemcore.philox import Stream, derived_seed
from gemcore.tasks.backend import ResolvedBackend


@contextmanager
def isolated(backend: ResolvedBackend, seed: int) -> Iterator[torch.device]:
    """Sets torch's global state to what ``backend`` and ``seed`` say, and puts it back.

    That is: the generators (which draw initial weights), the default dtype, the number of
    threads, gradient and inference mode, and how cuDNN chooses algorithms.

    Yields:
        The device to train on.
    """
    device = torch.device(backend.device)
    start = derived_seed(seed, Stream.NETWORK_WEIGHTS)
    with ExitStack() as stack:
        stack.callback(torch.set_default_dtype, torch.get_default_dtype())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        gpus = [device] if device.type == "cuda" else []
        stack.enter_context(torch.random.fork_rng(devices=gpus))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        torch.set_default_dtype(torch.float32)
        torch.set_num_threads(backend.threads)
        torch.default_generator.manual_seed(start)  # torch.manual_seed would reach every GPU.
        if gpus:
            _fix_cuda(stack, device, start)
        yield device


def _fix_cuda(stack: ExitStack, device: torch.device, start: int) -> None:
    cudnn = torch.backends.cudnn
    for name, value in (("benchmark", False), ("deterministic", True)):
        stack.callback(setattr, cudnn, name, getattr(cudnn, name))
        setattr(cudnn, name, value)
    with torch.cuda.device(device):
        torch.cuda.manual_seed(start)
