"""Trains the kernel-guided encoder (section 3.1, eqs. 2-4)."""

import copy
import math
import time
from collections.abc import Callable

import torch

from gemcore.arguments import check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.devices import resolve_device
from gemcore.encoder.baselines import Baselines
from gemcore.encoder.coder import Coder
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.data import PairData, PairTensors, Use
from gemcore.encoder.losses import Coded, pair_loss
from gemcore.encoder.measuring import Ending, measure
from gemcore.encoder.model import Encoder
from gemcore.pair_shards import PairShards
from gemcore.progress import progress_bar
from gemcore.space import SearchSpace

# After Ctrl-C the report must be there at once.
REPORT_PAIRS_IF_INTERRUPTED = 2000


def train_encoder(
    space: SearchSpace | CellBatch,
    config: EncoderConfig | None = None,
    *,
    seed: int = 0,
    pairs: PairShards | None = None,
    progress: bool = False,
    on_interrupt: Callable[[Encoder], object] | None = None,
) -> Encoder:
    """An encoder whose embeddings are as similar as their cells.

    Every step draws fresh pairs of cells (:class:`gemcore.PairStream`), and moves the cosine of
    their embeddings (eq. 2) toward their Weisfeiler-Lehman similarity (eq. 3), while a decoder
    learns to rebuild each cell from its embedding (eq. 4). What is returned are the weights,
    averaged over steps, that did best on held-out pairs.

    The same seed gives the same weights, on the same machine and number of torch threads. Torch's
    global generator, default dtype and number of threads are left as they are.

    Args:
        space: Where cells come from: a space, or a batch of unlabelled cells.
        config: Shape and training; default the best we know.
        seed: 0 .. 2^64 - 1; of weights and pairs.
        pairs: Pairs to train on instead of fresh ones, of the same space, mixture and similarity;
            gone through in the order of their own seed, ``config.batch_size`` a step, again and
            again. What training is validated on and the report are of fresh pairs as ever.
        progress: Whether to show a bar.
        on_interrupt: Called with the best encoder so far when training is interrupted by
            ``KeyboardInterrupt``, which then passes on.

    Returns:
        The encoder; ``report`` says how good it is on fresh pairs.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range, or ``pairs`` are of other settings.
        RuntimeError: If the loss is no longer finite, or there is no such device.

    Example:
        >>> space = SearchSpace.preset("small")
        >>> config = EncoderConfig(embedding_dim=8, num_steps=5, report_pairs=100)
        >>> encoder = train_encoder(space, config, seed=1)
        >>> encoder.encode(space.sample(3)).shape
        torch.Size([3, 8])

    Source: Cheng et al., "NASGEM", AAAI 2021, section 3.1.
    """
    check_type("space", space, (SearchSpace, CellBatch))
    config = EncoderConfig() if config is None else config
    check_type("config", config, EncoderConfig)
    check_type("pairs", pairs, (PairShards, type(None)))
    training = Training(space, config, check_seed(seed), pairs)
    try:
        training.run(progress=progress)
    except KeyboardInterrupt:
        if on_interrupt is not None:
            on_interrupt(training.encoder("interrupted"))
        raise
    return training.encoder(training.ended)


class Training:
    """One training: networks, optimizer, the averaged weights and the best of them."""

    def __init__(
        self,
        space: SearchSpace | CellBatch,
        config: EncoderConfig,
        seed: int,
        shards: PairShards | None = None,
    ) -> None:
        self.space = space
        self.config = config
        device = resolve_device(config.device)
        self.data = PairData(space, config, seed, device, shards)
        self.coder = Coder(self.data.flat, config, seed).to(device)
        self.averaged = copy.deepcopy(self.coder)
        self.best_weights: dict[str, torch.Tensor] | None = None
        self.best_loss = math.inf
        self.optimizer = torch.optim.AdamW(
            self.coder.parameters(), weight_decay=config.weight_decay, fused=True
        )
        self.num_steps = 0
        self.seconds = 0.0
        self.ended = "complete"

    def run(self, *, progress: bool) -> None:
        """Trains until the steps are made or validation says that it is enough."""
        start = time.perf_counter()
        held_out = self.data.tensors(self.data.pairs(Use.VALIDATION, self.config.validation_pairs))
        failures = 0
        with progress_bar(self.config.num_steps, "encoder", enabled=progress, unit="step") as bar:
            while self.num_steps < self.config.num_steps and failures < self.config.patience:
                self.step()
                self.seconds = time.perf_counter() - start
                bar.update()
                if self.num_steps % self.config.validate_every == 0:
                    better = self.validate(held_out)
                    failures = 0 if better else failures + 1
                    bar.set_postfix_str(f"best validation loss {self.best_loss:.3g}")
        if self.num_steps < self.config.num_steps:
            self.ended = "early stop"
        elif self.num_steps % self.config.validate_every:
            self.validate(held_out)

    def step(self) -> None:
        """One step of Adam on fresh pairs, and of the average after it."""
        batch = self.data.batch(self.num_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = step_size(self.num_steps, self.config)
        self.optimizer.zero_grad()
        loss = self.loss(self.coder, batch)
        if not math.isfinite(loss.item()):
            raise RuntimeError(
                f"[train_encoder] the loss is {loss.item()} at step {self.num_steps}: "
                f"lower learning_rate"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.num_steps += 1
        # A short history is averaged whole: the first weights are random.
        keep = min(self.config.averaging, self.num_steps / (self.num_steps + 10))
        with torch.no_grad():
            for average, new in zip(
                self.averaged.parameters(), self.coder.parameters(), strict=True
            ):
                average.lerp_(new, 1 - keep)

    def loss(self, coder: Coder, batch: PairTensors) -> torch.Tensor:
        """Eq. 4 of a batch."""
        coded = coder.code(batch.graphs)
        half = len(batch.similarity)
        return pair_loss(
            Coded(*(part[:half] for part in coded)),
            Coded(*(part[half:] for part in coded)),
            batch.similarity,
            similarity_weight=self.config.similarity_weight,
            reconstruction_weight=self.config.reconstruction_weight,
        )

    @torch.no_grad()
    def validate(self, held_out: PairTensors) -> bool:
        """Whether the averaged weights do better than all before; they are then kept."""
        loss = self.loss(self.averaged, held_out).item()
        if loss >= self.best_loss:
            return False
        self.best_loss = loss
        self.best_weights = copy.deepcopy(self.averaged.state_dict())
        return True

    def encoder(self, ended: str) -> Encoder:
        """The best encoder so far, measured on fresh pairs."""
        num_pairs = self.config.report_pairs
        if ended == "interrupted":
            num_pairs = min(num_pairs, REPORT_PAIRS_IF_INTERRUPTED)
        coder = copy.deepcopy(self.averaged)
        if self.best_weights is not None:
            coder.load_state_dict(self.best_weights)
        baselines = Baselines(self.data.pairs(Use.TRAINING, num_pairs))
        ending = Ending(self.num_steps, self.seconds, ended)
        report = measure(coder, self.data.pairs(Use.REPORT, num_pairs), baselines, ending)
        return Encoder(coder, self.config, self.space, report)


def step_size(step: int, config: EncoderConfig) -> float:
    """Step size of a step: up in a line, then down to 0 along half a cosine.

    Example:
        >>> config = EncoderConfig(num_steps=100, warmup=0.1, learning_rate=1.0)
        >>> step_size(4, config), step_size(9, config), round(step_size(55, config), 2)
        (0.5, 1.0, 0.5)
    """
    rising = config.warmup * config.num_steps
    if step + 1 <= rising:
        return config.learning_rate * (step + 1) / rising
    progress = (step - rising) / (config.num_steps - rising)
    return config.learning_rate * (1 + math.cos(math.pi * progress)) / 2
