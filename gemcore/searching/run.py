"""One search from beginning to end: its phases, and what is kept of them whatever happens."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from tqdm import tqdm

from gemcore.cell import Cell
from gemcore.embedding.encoded import encoder_config_for
from gemcore.encoder import Encoder, train_encoder
from gemcore.predictor import Predictor, make_predictor
from gemcore.predictor.stacked import StackedPredictor
from gemcore.progress import progress_bar
from gemcore.searching.ask_tell import Search
from gemcore.searching.baseline import run_baseline
from gemcore.searching.costs import cost_of
from gemcore.searching.final_training import FinalTraining
from gemcore.searching.journal import Known, RunJournal
from gemcore.searching.record import FinalNetwork, RandomBaseline
from gemcore.searching.reevaluation import reevaluate
from gemcore.searching.result import SearchResult
from gemcore.searching.run_folder import RunFolder
from gemcore.searching.setting import SearchSetting
from gemcore.searching.stored_predictor import StoredPredictor
from gemcore.tasks import ProxyTask
from gemcore.trials import TrialRunner, TrialSettings, UserTask, make_runner
from gemcore.trials.outcome import FAILED, Outcome
from gemcore.trials.trial import Trial

logger = logging.getLogger("gemcore")

# So many failures of one kind before anything succeeded are no bad luck.
HOPELESS = 5


class SearchRun:
    """Carries a search through its phases, and keeps each step as soon as it is made.

    Args:
        task: What candidates are evaluated on.
        setting: All that decides the course of the search.
        trials: How each candidate is trained.
        journal: What was done before, to which is added; empty in the beginning.
        num_workers: Candidates trained side by side.
        folder: Where the result goes; None: nowhere.
        progress: Whether to show bars.
    """

    def __init__(
        self,
        task: ProxyTask | UserTask,
        setting: SearchSetting,
        trials: TrialSettings,
        journal: RunJournal,
        *,
        num_workers: int,
        folder: RunFolder | None,
        progress: bool,
    ) -> None:
        self.task = task
        self.setting = setting
        self.trial_settings = trials
        self.journal = journal
        self.num_workers = num_workers
        self.folder = folder
        self.progress = progress
        self.search = Search.of(setting, cost_of(task, setting))
        self.training = FinalTraining(task, trials, journal, folder, progress=progress)
        self.status = "running"
        self.notes: list[str] = []
        self.encoder: Encoder | None = None
        self.final: FinalNetwork | None = None
        self.baseline: RandomBaseline | None = None
        self.reruns: list[Trial] = []

    def execute(self, initial: Iterable[Known]) -> SearchResult:
        """Runs all phases; an exception passes on when what is known has been saved."""
        try:
            self.journal.tell_known(self.search, initial)
            pending = self.journal.resume(self.search)
            self._save()
            with make_runner(
                self.task, self.trial_settings, num_workers=self.num_workers
            ) as runner:
                self._run_trials(runner, pending)
                if self.setting.config.reevaluate:
                    runner.close()  # Frees memory; at need it begins anew.
                    self._reevaluate()
                self._train_final()
                if self.setting.config.random_baseline:
                    self._run_baseline(runner)
            self._finish()
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            self.status = "interrupted" if interrupted else f"failed: {error}"
            self._save_in_need()
            raise
        return self.result()

    def result(self) -> SearchResult:
        """What is known so far."""
        return SearchResult(
            setting=self.setting,
            trials=self.search.trials,
            status=self.status,
            notes=tuple(self.notes),
            seconds=dict(self.search.clock.seconds),
            final=self.final,
            baseline=self.baseline,
            encoder=self.encoder,
            reruns=list(self.reruns),
        )

    def note(self, text: str) -> None:
        """Tells the user something, now and in the summary."""
        self.notes.append(text)
        logger.warning(text)

    def _run_trials(self, runner: TrialRunner, pending: list[Cell]) -> None:
        """Random cells first: they need no encoder, and show soon whether training works at all."""
        search, config = self.search, self.setting.config
        first = min(config.initial_size, config.num_trials)
        self._run_rounds(
            runner,
            pending,
            "random candidates",
            first,
            lambda: self._next_size <= search.num_random_left,
        )
        if search.num_left and not self._out_of_time():
            search.predictor = self._make_predictor()
            self._run_rounds(runner, [], "candidates", config.num_trials, lambda: True)
        elif self.folder is not None:
            self.encoder = self.folder.read_encoder()
        self._remark_end()

    @property
    def _next_size(self) -> int:
        """Cells of the next round."""
        config, search = self.setting.config, self.search
        size = config.round_size if search.own_trials else config.initial_size
        return min(size, search.num_left)

    def _run_rounds(
        self,
        runner: TrialRunner,
        pending: list[Cell],
        name: str,
        total: int,
        goes_on: Callable[[], bool],
    ) -> None:
        """Asks and evaluates, after what was asked before, until the cells or the time are out."""
        search = self.search
        done = len(search.own_trials)
        bar = progress_bar(total, name, enabled=self.progress, unit="cell", done=done)
        with bar:
            if pending:
                self._evaluate(runner, pending, bar)
            while search.num_left and goes_on() and not self._out_of_time():
                self.journal.enter("choice of cells")
                cells = list(search.ask(self._next_size))
                self.journal.keep_round(search, cells)
                if not cells:
                    break
                self._evaluate(runner, cells, bar)

    def _evaluate(self, runner: TrialRunner, cells: list[Cell], bar: "tqdm[Any]") -> None:
        cell_of = {self.search.index_of(cell): cell for cell in cells}

        def on_outcome(outcome: Outcome) -> None:
            trial = self.search.tell_outcome(cell_of[outcome.index], outcome)
            self.journal.keep([trial])
            bar.update()
            if self.search.best is not None:
                bar.set_postfix_str(f"best score {self.search.best.score:.4f}")
            self._stop_if_hopeless()

        with self.journal.phase("candidates", self.search.clock):
            runner.run(
                cells,
                list(cell_of),
                on_outcome=on_outcome,
                may_start=lambda: not self._out_of_time(),
            )

    def _make_predictor(self) -> Predictor:
        config = self.setting.config
        if config.needs_encoder:
            with self.journal.phase("encoder", self.search.clock):
                self.encoder = self._make_encoder()
        predictor = make_predictor(
            config.predictor,
            self.setting.space,
            seed=self.setting.seed,
            embedding=config.embedding,
            encoder=self.encoder,
            progress=self.progress,
        )
        if config.pretrain and isinstance(predictor, StackedPredictor):
            with self.journal.phase("pre-training", self.search.clock):
                predictor.prepare()
        if self.folder is None:
            return predictor
        return StoredPredictor(predictor, self.folder)

    def _make_encoder(self) -> Encoder:
        kept = None if self.folder is None else self.folder.read_encoder()
        if kept is not None:
            return kept
        config = self.setting.config
        encoder = train_encoder(
            self.setting.space,
            encoder_config_for(config.embedding, config.encoder),
            seed=self.setting.seed,
            progress=self.progress,
            on_interrupt=self._keep_encoder,
        )
        self._keep_encoder(encoder)
        return encoder

    def _keep_encoder(self, encoder: Encoder) -> None:
        if self.folder is not None:
            self.folder.write_encoder(encoder)
        self.encoder = encoder

    def _out_of_time(self) -> bool:
        limit = self.setting.config.max_seconds
        if limit is None:
            return False
        seconds = [trial.seconds for trial in self.search.own_trials]
        expected = sum(seconds) / len(seconds) if seconds else 0.0
        return self.search.clock.elapsed + expected > limit

    def _stop_if_hopeless(self) -> None:
        own = self.search.own_trials
        kinds = {trial.status.removeprefix(FAILED).partition(":")[0] for trial in own}
        if len(own) >= HOPELESS and len(kinds) == 1 and not any(t.is_complete for t in own):
            raise RuntimeError(
                f"[search] the first {len(own)} candidates all {own[-1].status}; stopped"
            )

    def _remark_end(self) -> None:
        own, wanted = self.search.own_trials, self.setting.config.num_trials
        if self.search.exhausted:
            self.note(
                f"The space is exhausted: it has {len(own)} different networks within the limits "
                f"where {wanted} were to be tried."
            )
        elif self.search.num_left or len(own) < wanted:
            self.note(
                f"Stopped after {len(own)} of {wanted} candidates: "
                f"max_seconds = {self.setting.config.max_seconds:g} were used up."
            )
        if self.search.best is None:
            reason = own[-1].status if own else "none ended in time"
            raise RuntimeError(f"[search] no candidate is complete, the last one {reason}")

    def _reevaluate(self) -> None:
        with self.journal.phase("re-evaluation", self.search.clock):
            reevaluate(self)

    def _train_final(self) -> None:
        best = self.result().best
        assert best is not None
        with self.journal.phase("final training", self.search.clock):
            self.final = self.training.train(best, on_failure=self.note)
        self._save()

    def _run_baseline(self, runner: TrialRunner) -> None:
        with self.journal.phase("random baseline", self.search.clock):
            self.baseline = run_baseline(self, runner)

    def _finish(self) -> None:
        self.journal.enter("writing")
        self.status = "complete"
        if self.folder is not None:
            self.folder.write(self.result())

    def _save(self) -> None:
        if self.folder is not None:
            self.folder.write_numbers(self.result(), self.journal.facts)

    def _save_in_need(self) -> None:
        """Saves what can be saved; that it can't must not hide why the run ended."""
        try:
            self.journal.keep(self.search.trials)
        except (RuntimeError, KeyError) as error:
            logger.error(f"Not everything could be stored: {error}")
        try:
            self._save()
        except RuntimeError as error:
            logger.error(f"result.json could not be written: {error}")
