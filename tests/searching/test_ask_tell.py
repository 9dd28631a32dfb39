"""Ask and tell: which cells are proposed, what is recorded, and what is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from gemcore.bootstrap import identify
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.graph import perturb
from gemcore.networks.cost import network_cost
from gemcore.networks.skeleton import Skeleton
from gemcore.predictor.stacked import StackedPredictor
from gemcore.searching.ask_tell import Search
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace
from gemcore.trials.outcome import Outcome

SMALL = SearchSpace.preset("small")
TINY = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=0.5)  # Four networks in all.
SKELETON = Skeleton.preset("proxy", width=8)
SIZE: dict[str, Any] = {"skeleton": SKELETON, "input_size": (1, 8, 8), "num_classes": 10}


class EdgeCounter:
    """A predictor that knows the truth of :func:`worth`, and remembers what it was taught."""

    def __init__(self) -> None:
        self.taught: list[tuple[CellBatch, list[float], bool]] = []

    def fit(self, cells: CellBatch, scores: ArrayLike, *, fine_tune: bool = False) -> "EdgeCounter":
        self.taught.append((cells, np.asarray(scores).tolist(), fine_tune))
        return self

    def predict(self, cells: CellBatch) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        edges = identify(cells).num_edges
        return edges / 100, np.zeros(len(edges))

    def save(self, directory: object) -> None: ...


def worth(cell: Cell) -> float:
    return len(identify(CellBatch.from_cells([cell]))[0].edges) / 100


def make(space: SearchSpace = SMALL, predictor: Any = None, seed: int = 0, **config: Any) -> Search:
    settings: dict[str, Any] = {"num_trials": 12, "bootstrap_samples": 500}
    settings |= {"embedding": "adjacency"} | config
    return Search(space, SearchConfig(**settings), predictor=predictor, seed=seed, **SIZE)


def finish(search: Search, num_cells: int = 3) -> Search:
    while cells := search.ask(num_cells):
        for cell in cells:
            search.tell(cell, worth(cell))
    return search


def test_proposes_each_network_once_and_num_trials_in_all() -> None:
    search = finish(make())
    cells = [trial.cell for trial in search.trials]
    assert len(cells) == 12
    assert len({*identify(CellBatch.from_cells(cells))}) == 12
    assert [trial.index for trial in search.trials] == list(range(12))
    assert search.num_left == 0
    assert not search.exhausted


def test_first_come_random_cells_then_the_best_predicted() -> None:
    predictor = EdgeCounter()
    search = make(predictor=predictor, num_initial=4, mac_penalty=0.0)
    for cell in search.ask(4):
        search.tell(cell, worth(cell))
    assert not predictor.taught
    chosen = search.ask(2)
    pool = {*identify(SMALL.sample(100, seed=3))}
    assert min(chosen.num_edges) > np.quantile([len(cell.edges) for cell in pool], 0.9)
    cells, scores, fine_tune = predictor.taught[0]
    assert scores == [trial.accuracy for trial in search.trials]
    assert list(cells) == [trial.cell for trial in search.trials]
    assert not fine_tune


def test_without_answers_all_cells_are_random() -> None:
    predictor = EdgeCounter()
    assert len(make(predictor=predictor, num_initial=2).ask(6)) == 6
    assert not predictor.taught


def test_one_ask_may_reach_over_the_random_cells_into_the_predicted() -> None:
    predictor = EdgeCounter()
    search = make(predictor=predictor, num_initial=4)
    search.tell(search.ask(1)[0], 0.5)
    assert len(search.ask(5)) == 5
    assert [len(scores) for _, scores, _ in predictor.taught] == [1]


def test_exact_macs_weigh_in_the_choice() -> None:
    cheap = finish(make(predictor=EdgeCounter(), mac_penalty=10.0, num_initial=3))
    dear = finish(make(predictor=EdgeCounter(), mac_penalty=0.0, num_initial=3))
    chosen = [[t.macs for t in search.trials[3:]] for search in (cheap, dear)]
    assert max(chosen[0]) < min(chosen[1])


def test_the_paper_profile_predicts_the_score_and_fine_tunes() -> None:
    predictor = EdgeCounter()
    search = make(predictor=predictor, target="score", fine_tune=True, prune=False, num_initial=3)
    finish(search)
    _, scores, fine_tune = predictor.taught[0]
    assert scores == [trial.score for trial in search.trials[:3]]
    assert fine_tune
    assert all(trial.cell.num_nodes == 10 for trial in search.trials)


def test_cost_and_score_of_a_trial_are_exact() -> None:
    search = make(log_base=10.0, mac_penalty=0.1)
    trial = search.tell(search.ask(1)[0], {"accuracy": np.float32(0.75), "loss": 2})
    cost = network_cost(CellBatch.from_cells([trial.cell]), **SIZE)
    assert (trial.macs, trial.params) == (cost.macs[0], cost.params[0])
    assert trial.score == pytest.approx(0.75 - 0.1 * np.log10(trial.macs / 1e6), abs=1e-15)
    assert trial.metrics == {"accuracy": 0.75, "loss": 2}
    assert trial.status == "complete"


def test_isomorphic_cells_are_one_trial() -> None:
    search = make()
    asked = search.ask(6)
    trials = [search.tell(cell, 0.5) for cell in asked]
    twins = perturb(asked, 0, seed=1, renumber=True)
    again = [search.tell(cell, 0.9) for cell in twins]
    assert again == trials
    assert len(search.trials) == 6
    assert search.find(twins[2]) == trials[2]


def test_dead_nodes_make_no_other_trial() -> None:
    search = make()
    bare = Cell(("input", "conv1x1"), ((0, 1),))
    dead = Cell(("input", "sepconv3x3", "conv1x1"), ((0, 2),))
    assert search.tell(bare, 0.5) == search.tell(dead, 0.6)


def test_cells_told_unasked_start_it_warm_and_cost_no_budget() -> None:
    predictor = EdgeCounter()
    search = make(predictor=predictor, num_trials=4, num_initial=3)
    warm = identify(SMALL.sample(5, seed=77))
    for cell in warm:
        search.tell(cell, worth(cell))
    asked = search.ask(4)  # More are known than the three random cells wanted.
    assert len(predictor.taught) == 1
    assert not {*asked} & {*warm}
    assert search.num_left == 0
    assert [trial.index for trial in search.trials] == list(range(5))


def test_a_failed_trial_is_recorded_not_learned_from_and_not_asked_again() -> None:
    predictor = EdgeCounter()
    search = make(TINY, predictor, num_initial=1)
    failed = search.tell_failure(search.ask(1)[0], "out of memory", seconds=2.0)
    assert (failed.status, failed.accuracy, failed.score) == ("failed: out of memory", None, None)
    assert search.best is None
    finish(search)
    assert len(search.trials) == 4
    assert all(len(scores) < 4 for _, scores, _ in predictor.taught)


def test_ends_by_itself_where_the_space_is_exhausted() -> None:
    search = finish(make(TINY, num_trials=80, num_initial=20, mac_penalty=0.0))
    assert len(search.trials) == 4
    assert search.exhausted
    assert search.ask(3) == CellBatch.from_cells([], TINY.op_names).widen(3)
    best = search.best
    assert best is not None
    assert len(best.cell.edges) == 3


@pytest.mark.parametrize("limit", ["max_macs", "max_params"])
def test_limits_are_hard(limit: str) -> None:
    cost = network_cost(identify(SMALL.sample(1000, seed=5)), **SIZE)
    values = cost.macs if limit == "max_macs" else cost.params
    bound = int(np.quantile(values, 0.3))
    limits: dict[str, Any] = {limit: bound}
    search = finish(make(predictor=EdgeCounter(), num_initial=4, **limits))
    assert len(search.trials) == 12
    name = limit.removeprefix("max_")
    assert max(getattr(trial, name) for trial in search.trials) <= bound


def test_same_seed_same_cells_whatever_the_order_of_the_answers() -> None:
    def run(seed: int, backwards: bool) -> list[Cell]:
        search = make(seed=seed, num_initial=4, predictor=None)
        while cells := search.ask(4):
            for cell in reversed(list(cells)) if backwards else cells:
                search.tell(cell, worth(cell))
        return [trial.cell for trial in search.trials]

    assert run(0, False) == run(0, True)
    assert run(0, False) != run(1, False)


@pytest.mark.parametrize("num_rounds", [1, 2, 3])
@pytest.mark.parametrize("space", [SMALL, TINY])
def test_another_search_goes_on_where_one_stood(space: SearchSpace, num_rounds: int) -> None:
    first, second = make(space, num_initial=3), make(space, num_initial=3)
    for _ in range(num_rounds):
        cells = list(first.ask(3))
        second.resume(cells, first.drawn)
        for search in (first, second):
            for cell in cells:
                search.tell(cell, worth(cell))
    assert second.drawn == first.drawn
    assert finish(second).trials == finish(first).trials
    assert second.exhausted == first.exhausted


def test_the_score_may_be_made_of_another_metric() -> None:
    predictor = EdgeCounter()
    search = make(metric="kappa", predictor=predictor, num_initial=3)
    cells = search.ask(3)
    trial = search.tell(cells[0], {"accuracy": 0.9, "kappa": -2.5})
    assert trial.accuracy == 0.9
    assert trial.score == pytest.approx(-2.5 - 0.1 * np.log10(trial.macs / 1e6))
    with pytest.raises(ValueError, match=r"task must report the metric 'kappa'.*got acc"):
        search.tell(cells[1], 0.5)
    outcome = Outcome(1, "complete", {"accuracy": 0.5}, 1.0)
    assert search.tell_outcome(cells[1], outcome).status == (
        "failed: task must report the metric 'kappa' that the score is made of, got accuracy"
    )
    search.tell(cells[2], {"accuracy": 0.1, "kappa": 3.0})
    assert search.best is not None
    assert search.best.cell == cells[2]
    search.ask(1)
    assert predictor.taught[0][1] == [-2.5, 3.0]
    assert [t.accuracy for t in search.result().pareto()][-1] == 0.1


@pytest.mark.parametrize("limit", ["max_macs", "max_params"])
def test_refuses_a_limit_that_no_cell_meets(limit: str) -> None:
    message = f"{limit} must be met by a cell of the space, got 1; the least of 4096 .* is [0-9]+"
    limits: dict[str, Any] = {limit: 1}
    with pytest.raises(ValueError, match=message):
        make(**limits)


def test_refuses_a_space_of_nothing() -> None:
    isolated = SearchSpace(num_nodes=5, ops=("conv1x1",), edge_prob=0.0)
    with pytest.raises(ValueError, match="space must hold cells whose input reaches an operation"):
        make(isolated)


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (float("nan"), "finite number as 'accuracy', got nan"),
        (93.5, r"an accuracy in 0 \.\. 1, got 93.5"),
        ({"loss": 0.1}, "a dict with 'accuracy', got dict"),
    ],
)
def test_refuses_a_bad_accuracy(metrics: float | Mapping[str, float], message: str) -> None:
    search = make()
    with pytest.raises(ValueError, match=message):
        search.tell(search.ask(1)[0], metrics)
    assert not search.trials


def test_refuses_cells_of_another_space() -> None:
    search = make(TINY)
    with pytest.raises(ValueError, match=r"cell must have operations of the space .*'conv3x3'"):
        search.tell(Cell(("input", "conv3x3"), ((0, 1),)), 0.5)
    with pytest.raises(ValueError, match="cell must have at most 3 nodes as the space, got 4"):
        search.tell(Cell(("input", *["conv1x1"] * 3), ((0, 1),)), 0.5)
    with pytest.raises(TypeError, match="cell must be of type Cell, got str"):
        search.tell("cell", 0.5)  # type: ignore[arg-type]


def test_refuses_bad_arguments() -> None:
    with pytest.raises(ValueError, match="num_cells must be >= 1, got 0"):
        make().ask(0)
    with pytest.raises(TypeError, match="space must be of type SearchSpace, got str"):
        Search("small", **SIZE)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="config must be of type SearchConfig, got dict"):
        Search(SMALL, {}, **SIZE)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed must be in 0"):
        Search(SMALL, seed=-1, **SIZE)
    with pytest.raises(KeyError):
        make().index_of(Cell(("input", "conv1x1"), ((0, 1),)))


@pytest.mark.parametrize("pretrain", [False, True])
def test_the_graph_network_is_prepared_where_the_config_says_so(
    pretrain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared: list[StackedPredictor] = []
    monkeypatch.setattr(StackedPredictor, "prepare", lambda self: prepared.append(self))
    finish(make(pretrain=pretrain))
    assert len(prepared) == pretrain
