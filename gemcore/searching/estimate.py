"""What a search will take, from a few steps measured before it starts."""

import sys
import time

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from gemcore.bootstrap import draw_candidates
from gemcore.cell import Cell
from gemcore.embedding.encoded import encoder_config_for
from gemcore.encoder.training import Training
from gemcore.networks.cost import network_cost
from gemcore.networks.network import build_network
from gemcore.searching.setting import SearchSetting
from gemcore.searching.time_left import spoken
from gemcore.tasks import ProxyTask
from gemcore.tasks.isolation import isolated
from gemcore.trials import TrialSettings, UserTask

WORKER_START = 4.0  # Seconds for a child process to import torch and read the data.
STEPS = 3  # Measured, after one to warm up.
SAMPLES = 256  # Cells whose median network is measured.


def announce(
    task: ProxyTask | UserTask, setting: SearchSetting, trials: TrialSettings, *, num_workers: int
) -> dict[str, float]:
    """Says on standard error what is going to be done, and about how long each phase will take."""
    parts = estimate(task, setting, trials, num_workers=num_workers)
    config = setting.config
    cells = f"{config.num_trials} candidates, {num_workers} at a time"
    names = {"encoder": "encoder up to", "candidates": cells, "final": "final training"}
    names["reevaluation"] = f"{config.reevaluate} of them {config.reevaluations} times again"
    names["baseline"] = f"{config.num_trials} random cells to compare with"
    known = ", ".join(f"{names[phase]} {spoken(seconds)}" for phase, seconds in parts.items())
    if "candidates" not in parts:
        beside = f"{known} beside the candidates; " if known else ""
        text = f"Estimate: {beside}the bar of {cells} tells the rest, for only the task's "
        text += "function knows what one takes."
    else:
        text = f"Estimate: {known}; {spoken(sum(parts.values()))} in all."
    if config.max_seconds is not None:
        text += f" No candidate is started after {spoken(config.max_seconds)}."
    tqdm.write(text, file=sys.stderr)
    return parts


def estimate(
    task: ProxyTask | UserTask, setting: SearchSetting, trials: TrialSettings, *, num_workers: int
) -> dict[str, float]:
    """Seconds of each phase that can be foreseen."""
    config = setting.config
    parts: dict[str, float] = {}
    if config.needs_encoder:
        parts["encoder"] = seconds_of_encoder(setting)
    if not isinstance(task, ProxyTask):
        return parts
    step = seconds_per_step(median_cell(setting), task, trials)
    training = trials.training
    one, last = (
        step * epochs * max(1, number // training.batch_size)
        for epochs, number in (
            (training.epochs, len(task.split.train)),
            (training.final_epochs, len(task.labels) - len(task.split.test)),
        )
    )
    start = WORKER_START if num_workers > 1 else 0.0
    parts["candidates"] = start + one * config.num_trials / num_workers
    if config.reevaluate:
        runs = config.reevaluate * config.reevaluations
        parts["reevaluation"] = start * config.reevaluations + one * runs / num_workers
    parts["final"] = last
    if config.random_baseline:
        fresh = config.num_trials - min(config.initial_size, config.num_trials)
        parts["baseline"] = one * fresh / num_workers + last
    return parts


def seconds_of_encoder(setting: SearchSetting) -> float:
    """Seconds of the encoder's training where it is not stopped early."""
    config = encoder_config_for(setting.config.embedding, setting.config.encoder)
    training = Training(setting.space, config, setting.seed)
    training.step()  # Slower than those that follow.
    began = time.perf_counter()
    for _ in range(STEPS):
        training.step()
    return (time.perf_counter() - began) / STEPS * config.num_steps


def median_cell(setting: SearchSetting) -> Cell:
    """A sampled cell whose network has about the median number of multiply-adds."""
    cells = draw_candidates(setting.space, SAMPLES, seed=setting.seed).identities
    cost = network_cost(
        cells,
        setting.skeleton,
        input_size=setting.input_size,
        num_classes=setting.num_classes,
    )
    return cells[int(np.argsort(cost.macs)[len(cells) // 2])]


def seconds_per_step(cell: Cell, task: ProxyTask, trials: TrialSettings) -> float:
    """Seconds of one training step of a cell's network, measured on images of noise."""
    backend, size = trials.backend, trials.training.batch_size
    with isolated(backend, trials.seed) as device:
        network = build_network(
            cell, trials.skeleton, num_classes=task.num_classes, in_channels=task.input_size[0]
        ).to(device)
        images = torch.randn(size, *task.input_size, device=device)
        images = images.contiguous(memory_format=backend.torch_format)
        labels = torch.zeros(size, dtype=torch.int64, device=device)
        began = 0.0
        for step in range(STEPS + 1):
            if step == 1:
                began = time.perf_counter()
            with torch.autocast(
                device.type, torch.bfloat16, enabled=backend.precision == "bfloat16"
            ):
                logits = network(images)
            loss = cross_entropy(logits.float(), labels)
            torch.autograd.grad(loss, list(network.parameters()))[0].sum().item()
        return (time.perf_counter() - began) / STEPS
