"""Trains the invariant encoder on pairs of unlabelled cells."""

import copy
import math
import time

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from gemcore.arguments import check_seed, check_type
from gemcore.cell_batch import CellBatch
from gemcore.devices import resolve_device
from gemcore.encoder.invariant import InvariantEncoder, InvariantReport
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_input import derive
from gemcore.encoder.invariant_network import Teller, step_share
from gemcore.encoder.invariant_targets import Lesson, LessonStream
from gemcore.philox import Stream, torch_generator
from gemcore.progress import progress_bar
from gemcore.space import SearchSpace

ENTRIES_AT_ONCE = 2**22  # Of adjacency matrices: what a layer makes of them stays below a GB.


def train_invariant_encoder(
    space: SearchSpace | CellBatch,
    config: InvariantConfig | None = None,
    *,
    seed: int = 0,
    progress: bool = False,
) -> InvariantEncoder:
    r"""An encoder of graphs that knows a space before any of its cells is trained.

    A graph network (:class:`InvariantNetwork`) learns two things of pairs of cells that are
    independent, edited or renumbered (:class:`gemcore.PairStream`): the centered
    Weisfeiler-Lehman kernel, as an inner product,

    .. math:: \big(\langle z(x), z(y) \rangle - \bar k(x, y)\big)^2 / \operatorname{mean} \bar k^2,

    and the features of each cell (:func:`gemcore.graph_features`), at scale. The embedding is what
    both are linear functions of.

    The same seed gives the same weights, on the same machine and number of torch threads. Torch's
    global generator is left as it is.

    Args:
        space: Where cells come from: a space, or a batch of unlabelled cells.
        config: Shape and training; default the best we know.
        seed: 0 .. 2^64 - 1; of weights and pairs.
        progress: Whether to show a bar.

    Returns:
        The encoder; ``report`` says how much of kernel and features it tells.

    Raises:
        TypeError: If an argument is of the wrong kind.
        ValueError: If an argument is out of range, or there are no cells.
        RuntimeError: If the loss is no longer finite, or there is no such device.

    Example:
        >>> space = SearchSpace.preset("small")
        >>> config = InvariantConfig(width=8, num_layers=2, num_steps=3, batch_size=16)
        >>> encoder = train_invariant_encoder(space, config, seed=1)
        >>> encoder.encode(space.sample(3)).shape
        torch.Size([3, 24])

    Source: Cheng et al., "NASGEM", AAAI 2021, section 3.1 (guidance by the kernel); the centered
    kernel, the features and the network are ours.
    """
    check_type("space", space, (SearchSpace, CellBatch))
    config = InvariantConfig() if config is None else config
    check_type("config", config, InvariantConfig)
    start = time.perf_counter()
    training = InvariantTraining(space, config, check_seed(seed))
    with progress_bar(config.num_steps, "invariant encoder", enabled=progress, unit="step") as bar:
        for _ in range(config.num_steps):
            loss = training.step()
            bar.update()
            bar.set_postfix_str(f"loss {loss:.3g}", refresh=False)
    return training.encoder(time.perf_counter() - start)


class InvariantTraining:
    """One training: network, optimizer and the averaged weights."""

    def __init__(self, space: SearchSpace | CellBatch, config: InvariantConfig, seed: int) -> None:
        self.config = config
        self.device = resolve_device(config.device)
        self.lessons = LessonStream(space, config, seed)
        generator = torch_generator(seed, Stream.INVARIANT_ENCODER, 0)
        num_features = len(self.lessons.scale.mean)
        num_ops = len(self.lessons.reader.op_names)
        self.teller = Teller(num_ops, num_features, config, generator).to(self.device)
        self.averaged = copy.deepcopy(self.teller)
        self.optimizer = torch.optim.AdamW(
            self.teller.parameters(), weight_decay=config.weight_decay, fused=True
        )
        self.num_steps = 0

    def step(self) -> float:
        """One step of AdamW on fresh pairs, and of the average after it; the loss before it."""
        size = self.config.batch_size
        lesson = self.lessons.lesson(self.num_steps * size, size)
        share = step_share(self.num_steps, self.config.num_steps, self.config.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * share
        self.optimizer.zero_grad()
        value = 0.0
        for part in lesson.parts(ENTRIES_AT_ONCE):
            loss = self.loss(part) * (len(part.kernel) / size)
            loss.backward()  # type: ignore[no-untyped-call]
            value += loss.item()
        if not math.isfinite(value):
            raise RuntimeError(
                f"[train_invariant_encoder] the loss is {value} at step {self.num_steps}: "
                f"lower learning_rate"
            )
        nn.utils.clip_grad_norm_(self.teller.parameters(), 1.0)
        self.optimizer.step()
        self.num_steps += 1
        # A short history is averaged whole: the first weights are random.
        keep = min(self.config.averaging, self.num_steps / (self.num_steps + 10))
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.teller.parameters(), strict=True)
            for average, new in pairs:
                average.lerp_(new, 1 - keep)
        return value

    def loss(self, lesson: Lesson) -> Tensor:
        """Errors of kernel and features, each as a share of what a constant would make."""
        kernel, features = self._tell(self.teller, lesson)
        spread = self.lessons.spread
        of_kernel = mse_loss(kernel / spread, lesson.kernel.to(self.device) / spread)
        of_features = mse_loss(features, lesson.features.to(self.device))
        return self.config.kernel_weight * of_kernel + self.config.feature_weight * of_features

    def _tell(self, teller: Teller, lesson: Lesson) -> tuple[Tensor, Tensor]:
        num_ops = len(self.lessons.reader.op_names)
        told: tuple[Tensor, Tensor] = teller(derive(lesson.graphs.to(self.device), num_ops))
        return told

    @torch.inference_mode()
    def encoder(self, seconds: float) -> InvariantEncoder:
        """The averaged encoder, measured on pairs that no step saw."""
        size = self.config.batch_size
        errors, totals = torch.zeros(2, dtype=torch.float64), torch.zeros(2, dtype=torch.float64)
        begin = self.num_steps * size
        for start in range(begin, begin + self.config.report_pairs, size):
            lesson = self.lessons.lesson(start, min(size, begin + self.config.report_pairs - start))
            told = self._tell(self.averaged, lesson)
            for i, (found, target) in enumerate(
                zip(told, (lesson.kernel, lesson.features), strict=True)
            ):
                errors[i] += (found.cpu() - target).double().square().sum()
                totals[i] += target.double().square().sum()
        explained = 1 - errors / totals.clamp(min=1e-12)
        report = InvariantReport(
            kernel=float(explained[0]),
            features=float(explained[1]),
            num_pairs=self.config.report_pairs,
            num_steps=self.num_steps,
            seconds=seconds,
        )
        reader, scale = self.lessons.reader, self.lessons.scale
        return InvariantEncoder(self.averaged.network, reader, scale, self.config, report)
