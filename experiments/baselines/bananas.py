"""BANANAS: Bayesian optimization with an ensemble of networks on the path encoding."""

import numpy as np
from numpy.typing import NDArray

from baselines.mlp_ensemble import MLPEnsemble
from baselines.path_encoding import encode_paths
from baselines.queries import Queries
from baselines.specs import Specs

NUM_RANDOM = 10  # Before the first prediction.
PER_ROUND = 10
NUM_CANDIDATES = 100
MOST_PARENTS = 5  # The best, and where it has too few new mutants the next ones.


def bananas(queries: Queries, generator: np.random.Generator) -> None:
    """Asks, round by round, the best of independent Thompson samples over mutants of the best.

    Each round fits a fresh ensemble to the error in percent of all that is known.

    Source: White, Neiswanger & Savani, "BANANAS: Bayesian Optimization with Neural Architectures
        for Neural Architecture Search", AAAI 2021, algorithm 1; number of rounds, candidates and
        parents as in the published benchmark of this search.
    """
    while queries.left and len(queries.known) < NUM_RANDOM:
        queries.ask_random(generator)
    while queries.left:
        specs, rows = _candidates(queries, generator)
        if not len(rows):
            queries.ask_random(generator)
            continue
        chosen = np.argsort(_thompson_errors(queries, generator, specs), kind="stable")
        for place in chosen[: min(PER_ROUND, queries.left)]:
            queries.ask_spec(specs[place : place + 1], int(rows[place]))


def _candidates(
    queries: Queries, generator: np.random.Generator
) -> tuple[Specs, NDArray[np.int64]]:
    """New networks, each once: mutants of the best, of the next best where they are too few."""
    best_first = sorted(queries.known, key=lambda known: -known.accuracy)
    mutants: list[Specs] = []
    for parent in best_first[:MOST_PARENTS]:
        mutants.append(queries.space.mutate(generator, parent.spec, NUM_CANDIDATES))
        specs, rows = queries.find_new(Specs.join(mutants))
        if len(rows) >= NUM_CANDIDATES:
            break
    return specs, rows


def _thompson_errors(
    queries: Queries, generator: np.random.Generator, specs: Specs
) -> NDArray[np.float64]:
    """A draw of the error of each candidate from the ensemble's normal distribution."""
    errors = 100 * (1 - np.array([known.accuracy for known in queries.known]))
    inputs = encode_paths(Specs.join([known.spec for known in queries.known]), queries.space.free)
    ensemble = MLPEnsemble(inputs.shape[1], generator)
    ensemble.fit(inputs, errors)
    predicted = ensemble.predict(encode_paths(specs, queries.space.free))
    drawn: NDArray[np.float64] = generator.normal(predicted.mean(axis=0), predicted.std(axis=0))
    return drawn
