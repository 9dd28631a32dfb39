"""Graph networks that know the unlabelled space, fine-tuned to tell scores."""

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gemcore.atomic_files import read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.devices import resolve_device
from gemcore.encoder.cache import cached_encoder, is_cached
from gemcore.encoder.invariant import InvariantEncoder, graph_parts
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.listed_space import CellSource
from gemcore.philox import Stream, torch_generator
from gemcore.predictor.constant import DOCUMENT, VERSION
from gemcore.predictor.graph_network_config import GraphNetworkConfig
from gemcore.predictor.graph_network_members import GraphMember, LabelledCells, MemberFit
from gemcore.predictor.in_parts import predict_parts
from gemcore.predictor.one_thread import one_torch_thread
from gemcore.predictor.protocol import check_scores, require_fitted
from gemcore.predictor.ranks import RankScale
from gemcore.threads import get_num_threads

PART = 2048  # Cells that one thread predicts at a time.


class GraphNetworkPredictor:
    r"""Predicts ranks of scores as the mean of M graph networks with features beside them.

    All start from one encoder that was trained on unlabelled cells
    (:func:`gemcore.encoder.train_invariant_encoder`) and are fine-tuned as a whole, with dropout,
    by

    .. math:: \operatorname{mean}_i (p_i - t_i)^2 +
        \operatorname{mean}_{t_i > t_j} \log(1 + e^{p_j - p_i})

    on the ranks t of the scores; what is kept is the average of the weights over the last steps.
    The standard deviation of a prediction is the spread of the members.

    Args:
        source: The space that cells come from, or unlabelled cells to learn from.
        config: Of the fine-tuning.
        encoder: A trained encoder to start from, or how it is trained at the first use and then
            kept in the user's cache (:mod:`gemcore.learned_cache`).
        seed: Of the encoder, of the heads, of the order of the data and of dropout.
        progress: Show a bar while the encoder is trained.
    """

    name = "graph_network"

    def __init__(
        self,
        source: CellSource,
        config: GraphNetworkConfig | None = None,
        *,
        encoder: InvariantEncoder | InvariantConfig | None = None,
        seed: int = 0,
        progress: bool = False,
    ) -> None:
        self.config = config or GraphNetworkConfig()
        self.seed = seed
        self._source = source
        self._encoder = encoder or InvariantConfig()
        self._progress = progress
        self._members: list[GraphMember] = []
        self._ranks = RankScale.of([0.0])
        self._is_constant = True

    @property
    def encoder(self) -> InvariantEncoder:
        """What the members start from; trained now if it was not yet."""
        if not isinstance(self._encoder, InvariantEncoder):
            self._encoder = cached_encoder(
                self._source, self._encoder, seed=self.seed, progress=self._progress
            )
        return self._encoder

    def prepare(self) -> Self:
        """Trains the encoder, unless it was trained before."""
        assert self.encoder
        return self

    @property
    def is_prepared(self) -> bool:
        """Whether a fit can start at once, without training an encoder first."""
        if isinstance(self._encoder, InvariantEncoder):
            return True
        return is_cached(self._source, self._encoder, seed=self.seed)

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> Self:
        """Learns from cells and their scores; see :class:`gemcore.Predictor`."""
        values = check_scores(cells, scores)
        self._is_constant = bool(np.ptp(values) == 0)
        self._ranks = RankScale.of(values)
        goes_on = fine_tune and bool(self._members)
        if not goes_on:
            self._members = [self._new_member(i) for i in range(self.config.num_members)]
        if not self._is_constant:
            num_steps = self.config.steps(len(cells), goes_on=goes_on)
            self._fit_members(self._labelled(cells, values), num_steps)
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean and standard deviation over the members, float64 ``[B]`` each."""
        return self._ranks.to_scores(*self.predict_ranks(cells))

    def predict_ranks(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same on the scale of :class:`RankScale`."""
        require_fitted(bool(self._members))
        if self._is_constant or not len(cells):
            return np.zeros(len(cells)), np.zeros(len(cells))
        outputs = torch.cat(predict_parts(self._predict_part, cells, PART), dim=1)
        ranks = outputs.double().numpy()
        return ranks.mean(axis=0), ranks.std(axis=0)

    def left_out_ranks(self) -> NDArray[np.float64] | None:
        """None: a fit for each fold would cost as much again."""
        return None

    def save(self, directory: str | Path) -> None:
        """Writes ``predictor.json``, ``predictor.safetensors`` and the encoder."""
        require_fitted(bool(self._members))
        directory = Path(directory)
        self.encoder.save(directory / "encoder")
        tensors: dict[str, Tensor] = {
            f"{i}.{name}": tensor
            for i, member in enumerate(self._members)
            for name, tensor in member.state_dict().items()
        }
        tensors["ranks"] = torch.from_numpy(self._ranks.ranks)
        tensors["scores"] = torch.from_numpy(self._ranks.scores)
        write_tensors(directory / "predictor.safetensors", tensors)
        content = {
            "name": self.name,
            "seed": self.seed,
            "config": asdict(self.config),
            "is_constant": self._is_constant,
        }
        path = directory / "predictor.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def restore(cls, directory: Path, content: dict[str, Any]) -> Self:
        """The predictor of a saved document and the files beside it."""
        encoder = InvariantEncoder.load(directory / "encoder")
        config = GraphNetworkConfig(**content["config"])
        nothing = CellBatch.from_cells([], op_names=encoder.reader.op_names)
        predictor = cls(nothing, config, encoder=encoder, seed=int(content["seed"]))
        tensors = read_tensors(directory / "predictor.safetensors")
        predictor._ranks = RankScale(tensors["ranks"].numpy(), tensors["scores"].numpy())
        predictor._is_constant = bool(content["is_constant"])
        for i in range(config.num_members):
            member = predictor._new_member(i)
            own = {n.removeprefix(f"{i}."): t for n, t in tensors.items() if n.startswith(f"{i}.")}
            member.load_state_dict(own)
            predictor._members.append(member)
        return predictor

    def _new_member(self, index: int) -> GraphMember:
        generator = torch_generator(self.seed, Stream.GRAPH_NETWORK, 3 * index)
        member = GraphMember(self.encoder.network, len(self.encoder.scale.mean), generator)
        return member.to(resolve_device(self.config.device))

    def _labelled(self, cells: CellBatch, values: NDArray[np.float64]) -> LabelledCells:
        encoder, device = self.encoder, resolve_device(self.config.device)
        prepared = encoder.reader.prepare(cells)
        features = self._features(prepared)
        ranks = torch.from_numpy(self._ranks.to_ranks(values).astype(np.float32))
        graphs = encoder.reader.expand(prepared)
        return LabelledCells(graphs.to(device), features.to(device), ranks.to(device))

    def _features(self, prepared: CellBatch) -> Tensor:
        return self.encoder.scale.features(prepared).to(torch.float32)

    def _fit_members(self, cells: LabelledCells, num_steps: int) -> None:
        """Fits each member in a thread of its own, with one thread of torch's each."""
        stop = threading.Event()
        fits = [
            MemberFit(member, self.config, cells, seed=self.seed, index=i)
            for i, member in enumerate(self._members)
        ]
        with one_torch_thread(), ThreadPoolExecutor(get_num_threads()) as pool:
            running = [pool.submit(fit.run, num_steps, stop) for fit in fits]
            try:
                done, _ = wait(running, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            except BaseException:
                stop.set()
                raise

    @torch.inference_mode()
    def _predict_part(self, cells: CellBatch) -> Tensor:
        """What each member says of some cells, float32 ``[M, B]``."""
        device = resolve_device(self.config.device)
        outputs = torch.empty((len(self._members), len(cells)), dtype=torch.float32)
        for part, prepared in graph_parts(self.encoder.reader, cells):
            graphs = self.encoder.reader.inputs(prepared, device)
            features = self._features(prepared).to(device)
            for i, member in enumerate(self._members):
                outputs[i, part] = member(graphs, features).cpu()
        return outputs
