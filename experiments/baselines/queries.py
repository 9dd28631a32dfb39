"""A search's questions to a table: each network is asked once, up to a budget."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.specs import Specs, SpecSpace
from gemcore.tables import CellTable

CHUNK = 64  # Specs drawn at once where one is wanted.
MOST_DRAWS = 1000  # Chunks without a new network after which a draw gives up.
MOST_MUTATIONS = 20  # The same of mutants: a small table may hold none.


@dataclass(frozen=True, eq=False)
class Known:
    """A network that was asked: how it was written, and its accuracy."""

    spec: Specs
    accuracy: float


class Queries:
    """Answers with the accuracy of networks of the table, and counts.

    Asking again is free, as is looking whether a network is in the table.

    Args:
        table: What answers.
        budget: Networks that may be asked.
    """

    def __init__(self, table: CellTable, budget: int) -> None:
        self.table = table
        self.budget = budget
        self.space = SpecSpace(table.cells.op_names)
        self.answers: dict[int, float] = {}  # By row of the table, in the order of asking.
        self.known: list[Known] = []  # Those that were asked as specs.

    @property
    def left(self) -> int:
        """How many more may be asked."""
        return self.budget - len(self.answers)

    @property
    def best_so_far(self) -> NDArray[np.float64]:
        """The highest accuracy after each question, float64 ``[asked]``."""
        return np.maximum.accumulate(np.fromiter(self.answers.values(), dtype=np.float64))

    def ask(self, row: int) -> float:
        """The accuracy of a network of the table.

        Raises:
            RuntimeError: If it is a new one and the budget is spent.
        """
        if row not in self.answers:
            if self.left <= 0:
                raise RuntimeError(f"[queries] the budget of {self.budget} is spent")
            self.answers[row] = float(self.table.accuracy[row])
        return self.answers[row]

    def ask_spec(self, spec: Specs, row: int) -> Known:
        """The same of a spec, whose row :meth:`find_new` told."""
        known = Known(spec, self.ask(row))
        self.known.append(known)
        return known

    def find_new(self, specs: Specs) -> tuple[Specs, NDArray[np.int64]]:
        """Those that are networks of the table not asked yet, each once, and their rows."""
        rows = self.table.lookup(self.space.cells(specs))
        _, first = np.unique(rows, return_index=True)
        is_new = [rows[i] >= 0 and int(rows[i]) not in self.answers for i in first]
        kept = np.sort(first[np.array(is_new, dtype=np.bool_)])
        return specs[kept], rows[kept]

    def ask_random(self, generator: np.random.Generator) -> Known:
        """Asks a random network that is new.

        Raises:
            RuntimeError: If none turns up.
        """
        found = self._draw_new(lambda: self.space.sample(generator, CHUNK), MOST_DRAWS)
        if found is None:
            raise RuntimeError(f"[queries] no new network in {MOST_DRAWS * CHUNK} random specs")
        return self.ask_spec(*found)

    def ask_mutant(self, generator: np.random.Generator, parent: Known) -> Known:
        """Asks a mutant that is new; where the table seems to hold none, a random network."""
        found = self._draw_new(
            lambda: self.space.mutate(generator, parent.spec, CHUNK), MOST_MUTATIONS
        )
        return self.ask_random(generator) if found is None else self.ask_spec(*found)

    def _draw_new(self, draw: Callable[[], Specs], most: int) -> tuple[Specs, int] | None:
        for _ in range(most):
            specs, rows = self.find_new(draw())
            if len(rows):
                return specs[:1], int(rows[0])
        return None
