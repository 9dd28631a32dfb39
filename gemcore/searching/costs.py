"""What the networks of a search cost: as its task says, or as they would be built."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gemcore.cell_batch import CellBatch
from gemcore.networks.cost import network_cost
from gemcore.searching.config import COSTS
from gemcore.searching.setting import SearchSetting


class Cost(Protocol):
    """Exact cost of networks, int64 ``[B]`` each."""

    @property
    def macs(self) -> NDArray[np.int64]: ...
    @property
    def params(self) -> NDArray[np.int64]: ...


CostOf = Callable[[CellBatch], Cost]


def cost_of(task: Any, setting: SearchSetting) -> CostOf:
    """What gives the cost of pruned cells: ``task.cost`` if there is one, else the networks' own.

    A task that knows its networks' cost has ``cost(cells)``, whose ``macs`` and ``params`` are
    int64 ``[B]``; ``known_costs`` says which of the two it knows, where not both.

    Raises:
        ValueError: If the search has a limit or a price of a cost that the task does not know.
    """
    own: CostOf | None = getattr(task, "cost", None)
    if own is None:
        return network_costs(setting)
    known = getattr(task, "known_costs", COSTS)
    config = setting.config
    for argument, name, free in (
        ("max_macs", "macs", None),
        ("max_params", "params", None),
        ("mac_penalty", "macs", 0),
    ):
        value = getattr(config, argument)
        if value != free and name not in known:
            raise ValueError(
                f"{argument} must be {free} where the task does not know the {name} of its "
                f"networks, got {value}"
            )
    for name in config.objectives or ():
        if name in COSTS and name not in known:
            raise ValueError(
                f"objectives must be without {name!r} where the task does not know the {name} of "
                f"its networks, got {', '.join(map(repr, config.objectives or ()))}"
            )
    return own


def network_costs(setting: SearchSetting) -> CostOf:
    """The cost of the networks that a search would build."""
    return partial(
        network_cost,
        skeleton=setting.skeleton,
        input_size=setting.input_size,
        num_classes=setting.num_classes,
    )
