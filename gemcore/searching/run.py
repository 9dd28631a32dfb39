"""One search from beginning to end: its phases, and what is kept of them whatever happens."""

import dataclasses
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from tqdm import tqdm

from gemcore.cell import Cell
from gemcore.encoder import Encoder, train_encoder
from gemcore.predictor import make_predictor
from gemcore.predictor.embedding import encoder_config_for
from gemcore.progress import progress_bar
from gemcore.searching.ask_tell import Search
from gemcore.searching.record import FinalNetwork, RandomBaseline
from gemcore.searching.result import SearchResult
from gemcore.searching.run_folder import RunFolder
from gemcore.searching.setting import SearchSetting
from gemcore.tasks import ProxyTask, train_final
from gemcore.trials import TrialRunner, TrialSettings, UserTask, make_runner
from gemcore.trials.failure import describe_failure
from gemcore.trials.outcome import FAILED, Outcome
from gemcore.trials.trial import Trial

logger = logging.getLogger("gemcore")

# So many failures of one kind before anything succeeded are no bad luck.
HOPELESS = 5


class SearchRun:
    """Carries a search through its phases, and saves what is known after each trial.

    Args:
        task: What candidates are evaluated on.
        setting: All that decides the course of the search.
        trials: How each candidate is trained.
        num_workers: Candidates trained side by side.
        folder: Where the result goes; None: nowhere.
        progress: Whether to show bars.
    """

    def __init__(
        self,
        task: ProxyTask | UserTask,
        setting: SearchSetting,
        trials: TrialSettings,
        *,
        num_workers: int,
        folder: RunFolder | None,
        progress: bool,
    ) -> None:
        self.task = task
        self.setting = setting
        self.trial_settings = trials
        self.num_workers = num_workers
        self.folder = folder
        self.progress = progress
        self.search = new_search(setting)
        self.status = "running"
        self.notes: list[str] = []
        self.encoder: Encoder | None = None
        self.final: FinalNetwork | None = None
        self.baseline: RandomBaseline | None = None

    def execute(self, initial: Iterable[tuple[Cell, float | Mapping[str, Any]]]) -> SearchResult:
        """Runs all phases; an exception passes on when what is known has been saved."""
        try:
            for cell, metrics in initial:
                self.search.tell(cell, metrics)
            self._save()
            self._train_encoder()
            with make_runner(
                self.task, self.trial_settings, num_workers=self.num_workers
            ) as runner:
                self._run_trials(runner)
                self._train_final()
                if self.setting.config.random_baseline:
                    self._run_baseline(runner)
            self.status = "complete"
            self._save(whole=True)
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            self.status = "interrupted" if interrupted else f"failed: {error}"
            self._save()
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
        )

    def _train_encoder(self) -> None:
        config = self.setting.config
        if config.needs_encoder:
            with self.search.clock.phase("encoder"):
                encoder = train_encoder(
                    self.setting.space,
                    encoder_config_for(config.embedding, config.encoder),
                    seed=self.setting.seed,
                    progress=self.progress,
                    on_interrupt=self._keep,
                )
            self._keep(encoder)
        self.search.predictor = make_predictor(
            config.predictor,
            self.setting.space,
            seed=self.setting.seed,
            embedding=config.embedding,
            encoder=self.encoder,
        )

    def _keep(self, encoder: Encoder) -> None:
        if self.folder is not None:
            self.folder.write_encoder(encoder)
        self.encoder = encoder

    def _run_trials(self, runner: TrialRunner) -> None:
        search, config = self.search, self.setting.config
        rounds = [config.initial_size]
        with progress_bar(
            config.num_trials, "candidates", enabled=self.progress, unit="cell"
        ) as bar:
            while search.num_left and not self._out_of_time():
                cells = list(search.ask(rounds.pop() if rounds else config.round_size))
                if not cells:
                    break
                indices = [search.index_of(cell) for cell in cells]
                with search.clock.phase("candidates"):
                    self._evaluate(runner, cells, indices, bar)
        self._remark_end()

    def _evaluate(
        self, runner: TrialRunner, cells: list[Cell], indices: list[int], bar: "tqdm[Any]"
    ) -> None:
        cell_of = dict(zip(indices, cells, strict=True))

        def on_outcome(outcome: Outcome) -> None:
            self.search.tell_outcome(cell_of[outcome.index], outcome)
            self._save()
            bar.update()
            if self.search.best is not None:
                bar.set_postfix_str(f"best score {self.search.best.score:.4f}")
            self._stop_if_hopeless()

        runner.run(cells, indices, on_outcome=on_outcome, may_start=lambda: not self._out_of_time())

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
        own = self.search.own_trials
        if self.search.exhausted:
            self._note(
                f"The space is exhausted: it has {len(own)} different networks within the limits "
                f"where {self.setting.config.num_trials} were to be tried."
            )
        elif self.search.num_left or len(own) < self.setting.config.num_trials:
            self._note(
                f"Stopped after {len(own)} of {self.setting.config.num_trials} candidates: "
                f"max_seconds = {self.setting.config.max_seconds:g} were used up."
            )
        if self.search.best is None:
            reason = own[-1].status if own else "none ended in time"
            raise RuntimeError(f"[search] no candidate is complete, the last one {reason}")

    def _train_final(self) -> None:
        best = self.search.best
        assert best is not None
        with self.search.clock.phase("final training"):
            self.final = self._trained(best, "The final training")
        self._save(whole=True)

    def _run_baseline(self, runner: TrialRunner) -> None:
        """As many random cells; those that the search tried as well are not trained again."""
        number = len(self.search.own_trials)
        config = dataclasses.replace(
            self.setting.config, num_trials=number, num_initial=number, max_seconds=None
        )
        other = new_search(dataclasses.replace(self.setting, config=config))
        cells = list(other.ask(number))
        known = {cell: self.search.find(cell) for cell in cells}
        missing = [cell for cell in cells if known[cell] is None]
        cell_of = {other.index_of(cell): cell for cell in missing}

        def on_outcome(outcome: Outcome) -> None:
            other.tell_outcome(cell_of[outcome.index], outcome)
            self.baseline = RandomBaseline(other.trials)
            self._save()
            bar.update()

        with self.search.clock.phase("random baseline"):
            for cell, trial in known.items():
                if trial is not None:
                    other.tell_outcome(cell, outcome_of(trial))
            with progress_bar(
                len(missing), "random baseline", enabled=self.progress, unit="cell"
            ) as bar:
                runner.run(missing, list(cell_of), on_outcome=on_outcome)
            best = other.best
            trained = None if best is None else self._trained(best, "The baseline's training")
        self.baseline = RandomBaseline(other.trials, {} if trained is None else trained.metrics)

    def _trained(self, trial: Trial, name: str) -> FinalNetwork | None:
        """The cell's network, trained on all but the test images and tested once."""
        if not isinstance(self.task, ProxyTask):
            return None
        best = self.search.best
        if self.final is not None and best is not None and best.cell == trial.cell:
            return self.final
        settings = self.trial_settings
        try:
            network, metrics = train_final(
                trial.cell,
                self.task,
                skeleton=settings.skeleton,
                training=settings.training,
                seed=settings.seed,
                backend=settings.backend,
                progress=self.progress,
            )
        except Exception as error:  # A candidate's: the trials before it must not be lost.
            self._note(f"{name} failed: {describe_failure(error)}")
            return None
        return FinalNetwork(metrics, dict(network.state_dict()))

    def _note(self, text: str) -> None:
        self.notes.append(text)
        logger.warning(text)

    def _save(self, *, whole: bool = False) -> None:
        if self.folder is not None:
            write = self.folder.write if whole else self.folder.write_numbers
            write(self.result())


def new_search(setting: SearchSetting) -> Search:
    """The search of a setting, before its first cell."""
    return Search(
        setting.space,
        setting.config,
        skeleton=setting.skeleton,
        input_size=setting.input_size,
        num_classes=setting.num_classes,
        seed=setting.seed,
    )


def outcome_of(trial: Trial) -> Outcome:
    """What the trial's evaluation came to, to be told once more."""
    return Outcome(trial.index, trial.status, trial.metrics, trial.seconds)
