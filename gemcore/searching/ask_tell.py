"""The search, ask and tell: which cells to try next, given what is known."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from gemcore.arguments import check_int, check_seed, check_type
from gemcore.bootstrap import Candidates
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.networks.skeleton import Skeleton
from gemcore.predictor import Predictor, make_predictor
from gemcore.predictor.stacked import StackedPredictor
from gemcore.searching.choosing import Chooser
from gemcore.searching.config import SearchConfig
from gemcore.searching.costs import CostOf, network_costs
from gemcore.searching.phase_clock import PhaseClock
from gemcore.searching.pool import CandidatePool, Limits, identify_cells
from gemcore.searching.rating import Rating
from gemcore.searching.reruns import best_of
from gemcore.searching.result import SearchResult
from gemcore.searching.setting import SearchSetting, TaskFacts
from gemcore.space import SearchSpace
from gemcore.trials.outcome import COMPLETE, FAILED, Outcome
from gemcore.trials.reported import read_metrics
from gemcore.trials.trial import Trial


class Search:
    """Proposes cells and learns from what they were worth (paper fig. 2), for a loop of your own.

    First come random cells, then in every round the predictor is fitted to all known cells and the
    best predicted of ``bootstrap_samples`` cells are proposed, or those that promise most for the
    Pareto front where ``config`` has several objectives. A network is proposed once: two
    cells are one if their pruned canonical forms are equal.

    Args:
        space: Where cells come from.
        config: Settings; its ``training``, ``device``, ``max_seconds`` and ``reevaluate`` are
            for :func:`gemcore.search`, which trains. Default: ``SearchConfig()``.
        skeleton: What surrounds the cells, for their exact cost.
        input_size: Channels, height and width of an image.
        num_classes: Logits of an image.
        seed: 0 .. 2^64 - 1; the same seed asks the same cells, given the same answers.
        predictor: What predicts. Default: what ``config`` says, made and trained at need.

    Raises:
        ValueError: If every cell of the space prunes to its input alone, or none keeps within
            ``max_macs`` and ``max_params``.

    Example:
        >>> space = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=0.5)
        >>> config = SearchConfig(num_trials=6, num_initial=2, embedding="adjacency")
        >>> network = {"skeleton": Skeleton.preset("proxy"), "input_size": (1, 8, 8)}
        >>> search = Search(space, config, **network, num_classes=10)
        >>> while cells := search.ask(2):
        ...     for cell in cells:
        ...         trial = search.tell(cell, {"accuracy": len(cell.edges) / 10})
        >>> len(search.trials), search.exhausted, search.best.cell.edges
        (4, True, ((0, 1), (0, 2), (1, 2)))
    """

    def __init__(
        self,
        space: SearchSpace,
        config: SearchConfig | None = None,
        *,
        skeleton: Skeleton,
        input_size: tuple[int, int, int],
        num_classes: int,
        seed: int = 0,
        predictor: Predictor | None = None,
    ) -> None:
        check_type("space", space, SearchSpace)
        config = SearchConfig() if config is None else config
        check_type("config", config, SearchConfig)
        setting = SearchSetting(
            task=TaskFacts("ask and tell"),
            space=space,
            skeleton=skeleton,
            input_size=input_size,
            num_classes=num_classes,
            config=config,
            seed=check_seed(seed),
        )
        self._begin(setting, network_costs(setting), predictor)

    def _begin(
        self, setting: SearchSetting, cost: CostOf, predictor: Predictor | None = None
    ) -> None:
        self.setting = setting
        self.space = setting.space
        self.config = config = setting.config
        self.seed = setting.seed
        self.clock = PhaseClock()
        self.rating = Rating(config)
        self._cost = cost
        limits = Limits(config.max_macs, config.max_params)
        self._pool = CandidatePool(setting.space, cost, limits, seed=setting.seed)
        self._chooser = Chooser(config, self._pool, cost, seed=setting.seed)
        self.predictor = predictor
        self._index: dict[Cell, int] = {}  # Identity -> number, in the order asked or told.
        self._asked: set[int] = set()
        self._trials: dict[Cell, Trial] = {}

    @classmethod
    def of(cls, setting: SearchSetting, cost: CostOf | None = None) -> Self:
        """The search of a setting, before its first cell.

        Args:
            setting: All that decides its course.
            cost: Gives the cost of pruned cells, if not that of the setting's networks; see
                :func:`gemcore.searching.costs.cost_of`.
        """
        search = cls.__new__(cls)
        search._begin(setting, cost or network_costs(setting))
        return search

    @property
    def trials(self) -> list[Trial]:
        """All trials, in the order in which their cells were asked or first told."""
        return sorted(self._trials.values(), key=lambda trial: trial.index)

    @property
    def own_trials(self) -> list[Trial]:
        """The trials of cells that were asked for."""
        return [t for t in self.trials if t.index in self._asked]

    @property
    def best(self) -> Trial | None:
        """The complete trial of the highest score, the first of equal ones."""
        return best_of(self.trials)

    @property
    def num_left(self) -> int:
        """How many cells ``ask`` still proposes."""
        return self.config.num_trials - len(self._asked)

    @property
    def num_random_left(self) -> int:
        """How many of the next cells are random: all, as long as no trial is complete."""
        if not any(trial.is_complete for trial in self._trials.values()):
            return self.num_left
        num_warm = len(self._trials) - len(self.own_trials)
        return max(0, self.config.initial_size - len(self._asked) - num_warm)

    @property
    def drawn(self) -> dict[str, Any]:
        """How far the random streams are used up: with the cells asked, where :meth:`resume` goes
        on; plain numbers."""
        return self._pool.drawn

    def resume(self, cells: Iterable[Cell], drawn: Mapping[str, Any]) -> None:
        """Counts cells as asked, as another search of the same setting and seed did.

        Args:
            cells: What its ``ask`` came back with, in order.
            drawn: Its :attr:`drawn` after that.
        """
        asked = identify_cells(cells, self.space).identities
        self._pool.mark(asked)
        self._pool.skip(drawn)
        for identity in asked:
            self._asked.add(self._index.setdefault(identity, len(self._index)))

    @property
    def exhausted(self) -> bool:
        """Whether ``ask`` came back with fewer cells than wanted: the space has no more."""
        return self._pool.exhausted

    def ask(self, num_cells: int = 1) -> CellBatch:
        """The next cells to try, all of them new networks.

        Args:
            num_cells: How many, at most what is left of ``num_trials``.

        Returns:
            Cells in pruned canonical form, or as sampled where the config does not prune; fewer
            where the space has no more, none at the end.

        Raises:
            ValueError: If ``num_cells`` is below 1.
        """
        wanted = min(check_int("num_cells", num_cells, 1), self.num_left)
        num_random = min(wanted, self.num_random_left)
        parts = [self._pool.random(num_random)]
        if wanted > num_random:
            with self.clock.phase("fit"):
                self._fit()
            with self.clock.phase("bootstrap"):
                parts.append(self._chooser.choose(self._predict, self.trials, wanted - num_random))
        for part in parts:
            for identity in part.identities:
                self._asked.add(self._index.setdefault(identity, len(self._index)))
        return CellBatch.concatenate([self._form(part) for part in parts])

    def tell(
        self, cell: Cell, metrics: float | Mapping[str, Any], *, seconds: float = 0.0
    ) -> Trial:
        """Records what a cell was worth, one that was asked or any other of the space.

        A network that is known already keeps what is known of it.

        Args:
            cell: The cell.
            metrics: Its accuracy, a fraction in [0, 1], or numbers by name, ``"accuracy"`` among
                them.
            seconds: What the trial took.

        Returns:
            The trial of this network.

        Raises:
            ValueError: If the accuracy is missing, not finite or out of range, or the cell does
                not belong to the space.
            TypeError: If a metric is not a number.
        """
        read = read_metrics(metrics)
        self.rating.check(read)
        return self.tell_outcome(cell, Outcome(0, COMPLETE, read, seconds))

    def tell_failure(self, cell: Cell, reason: str, *, seconds: float = 0.0) -> Trial:
        """Records that a cell could not be evaluated; it is not asked again."""
        check_type("reason", reason, str)
        return self.tell_outcome(cell, Outcome(0, FAILED + reason, {}, seconds))

    def tell_outcome(self, cell: Cell, outcome: Outcome) -> Trial:
        """Records what a runner made of a cell, failures included, as :meth:`tell` does.

        A complete one without the metric that the score is made of counts as failed.
        """
        check_type("cell", cell, Cell)
        outcome = self.rating.checked(outcome)
        told = identify_cells([cell], self.space)
        identity = told.identities[0]
        if identity in self._trials:
            return self._trials[identity]
        index = self._index.setdefault(identity, len(self._index))
        self._pool.mark(told.identities)
        cost = self._cost(told.identities)
        macs = int(cost.macs[0])
        trial = Trial(
            index=index,
            cell=self._form(told)[0],
            status=outcome.status,
            accuracy=outcome.metrics.get("accuracy"),
            macs=macs,
            params=int(cost.params[0]),
            score=self.rating.score(outcome.metrics, macs) if outcome.is_complete else None,
            metrics=outcome.metrics,
            seconds=outcome.seconds,
            seed=self.seed,
        )
        self._trials[identity] = trial
        return trial

    def find(self, cell: Cell) -> Trial | None:
        """The trial of the network of this cell, if there is one."""
        return self._trials.get(identify_cells([cell], self.space).identities[0])

    def index_of(self, cell: Cell) -> int:
        """The number of the trial of a cell that was asked or told.

        Raises:
            KeyError: If it was neither.
        """
        return self._index[identify_cells([cell], self.space).identities[0]]

    def result(self) -> SearchResult:
        """What is known so far."""
        return SearchResult(self.setting, self.trials, seconds=dict(self.clock.seconds))

    def _form(self, found: Candidates) -> CellBatch:
        """Cells as they are embedded and trained."""
        return found.identities if self.config.prune else found.cells

    def _fit(self) -> None:
        if self.predictor is None:
            self.predictor = make_predictor(
                self.config.predictor,
                self.space,
                seed=self.seed,
                embedding=self.config.embedding,
                encoder=self.config.encoder if self.config.needs_encoder else None,
            )
            if self.config.pretrain and isinstance(self.predictor, StackedPredictor):
                self.predictor.prepare()
        known = [trial for trial in self.trials if trial.is_complete]
        cells = CellBatch.from_cells((trial.cell for trial in known), self.space.op_names)
        scores = [self.rating.target(trial) for trial in known]
        cells = cells.widen(self.space.num_nodes)
        self.predictor.fit(cells, scores, fine_tune=self.config.fine_tune)

    def _predict(self, found: Candidates) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        assert self.predictor is not None
        return self.predictor.predict(self._form(found))
