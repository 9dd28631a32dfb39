"""What is searched: which cells there are and how they are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from gemcore import _core, device_graph
from gemcore.arguments import check_float, check_in, check_int, check_seed
from gemcore.cell_batch import CellBatch
from gemcore.device_cells import DeviceCells
from gemcore.ops import INPUT, OUTPUT, RESERVED, get_op
from gemcore.topology import MAX_NODES

Distribution = Literal["bernoulli", "uniform_density", "edge_shrink", "grow"]
DISTRIBUTIONS = get_args(Distribution)
MIN_ACCEPTANCE = 0.01
MOST_GROWN = 3  # Readers of a node that "grow" draws.


@dataclass(frozen=True)
class SearchSpace:
    """Cells of ``num_nodes`` nodes with the given operations, and a distribution over them.

    Node 0 is the cell's input; every other node draws its operation uniformly. Edges u -> v, u < v:

    - ``"bernoulli"``: each is present with probability ``edge_prob``;
    - ``"uniform_density"``: the same with a probability of its own, uniform in [0, 1), a cell;
    - ``"edge_shrink"``: the complete DAG without a uniform number of edges;
    - ``"grow"``: 2 .. ``max_edges`` edges grown from node 0, out-degree at most 3.

    Raises:
        ValueError: If a value is out of range, an operation is not known or reserved, or fewer
            than 1 % of the cells drawn would have at most ``max_edges`` edges.
        TypeError: If a value is of another kind.

    Example:
        >>> space = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=1.0)
        >>> space.sample(1)[0]
        Cell(ops=('input', 'conv1x1', 'conv1x1'), edges=((0, 1), (0, 2), (1, 2)))
    """

    num_nodes: int = 30
    """Nodes of a cell before pruning, the input included, 1 .. 256."""

    ops: tuple[str, ...] = ("conv1x1", "sepconv3x3")
    """Names of the operations to draw from, built in (conv1x1, sepconv3x3, conv3x3, maxpool3x3,
    identity) or registered."""

    distribution: Distribution = "bernoulli"
    """How edges are drawn. bernoulli: each with probability edge_prob; uniform_density: the same
    with a probability of its own for each cell; edge_shrink: all possible ones without a uniform
    number of them; grow: 2 .. max_edges, grown from node 0."""

    edge_prob: float = 0.2
    """Probability of an edge, rounded to a multiple of 2^-32; for bernoulli only."""

    max_edges: int | None = None
    """Most edges of a cell. grow needs it; bernoulli and uniform_density draw cells with more
    again. None: as many as are drawn."""

    has_output: bool = False
    """Whether the last node is the reserved operation output, whose inputs are the cell's leaves,
    as in NAS-Bench-101."""

    def __post_init__(self) -> None:
        fewest = 2 if self.has_output else 1
        object.__setattr__(
            self, "num_nodes", check_int("num_nodes", self.num_nodes, fewest, MAX_NODES)
        )
        object.__setattr__(self, "ops", _read_ops(self.ops))
        check_in("distribution", self.distribution, DISTRIBUTIONS)
        object.__setattr__(self, "edge_prob", check_float("edge_prob", self.edge_prob, 0, 1))
        if self.max_edges is not None:
            object.__setattr__(self, "max_edges", check_int("max_edges", self.max_edges, 1))
        self._check_max_edges()

    def _check_max_edges(self) -> None:
        if self.distribution == "grow" and self.max_edges is None:
            raise ValueError("max_edges must be given for distribution 'grow', got None")
        if self.max_edges is None or self.distribution == "grow":
            return
        if self.distribution == "edge_shrink":
            raise ValueError(
                f"max_edges must be None for distribution 'edge_shrink', got {self.max_edges}"
            )
        if self.distribution == "bernoulli":
            at_most = min(self.max_edges, self.num_possible_edges)
            accepted = float(bdtr(at_most, self.num_possible_edges, self.edge_prob))
        else:  # A uniform density makes every number of edges equally likely.
            accepted = (self.max_edges + 1) / (self.num_possible_edges + 1)
        if accepted < MIN_ACCEPTANCE:
            raise ValueError(
                f"max_edges must let at least 1 % of the cells pass, got {self.max_edges}, which "
                f"passes {accepted:.2g} of them: lower edge_prob or use distribution 'grow'"
            )

    @property
    def num_possible_edges(self) -> int:
        """Edges of the complete DAG: N (N - 1) / 2."""
        return self.num_nodes * (self.num_nodes - 1) // 2

    @property
    def op_names(self) -> tuple[str, ...]:
        """All labels of a node: ``"input"``, the sampled ones, ``"output"`` if there is one."""
        return (INPUT, *self.ops, OUTPUT) if self.has_output else (INPUT, *self.ops)

    @classmethod
    def preset(cls, name: str) -> "SearchSpace":
        """A space known by name.

        - ``"paper"``: 30 nodes, 1x1 and separable 3x3 convolutions (section 4);
        - ``"small"``: 10 nodes of the same kinds: what a laptop can train;
        - ``"nasbench101"``: 7 nodes, at most 9 edges, an output node (Ying et al. 2019);
        - ``"nasgem-bench"``: at most 6 nodes, 3x3 convolutions (section 4.5).

        Raises:
            ValueError: If there is no such preset.
        """
        check_in("name", name, tuple(PRESETS))
        return cls(**PRESETS[name])

    @overload
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: Literal["cpu"] = "cpu"
    ) -> CellBatch: ...
    @overload
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: Literal["cuda"]
    ) -> DeviceCells: ...
    def sample(
        self, num_cells: int, seed: int = 0, *, start: int = 0, device: str = "cpu"
    ) -> CellBatch | DeviceCells:
        """Random cells; cell i depends on (``seed``, ``start`` + i) alone.

        So a batch may be drawn in parts, by any number of threads, on any device: the same bits.
        The layout of the random stream is frozen (``csrc/graph/sample.h``).

        Args:
            num_cells: How many, 0 or more.
            seed: 0 .. 2^64 - 1.
            start: Index of the first cell in the stream.
            device: Where they are drawn and stay: ``"cpu"``, or ``"cuda"`` for the CUDA device that
                torch works on now.

        Returns:
            Cells as drawn: not pruned, and with replacement, so some may be equal. A CellBatch, or
            :class:`gemcore.DeviceCells`.

        Raises:
            ValueError: If a number is out of range.
            RuntimeError: If the device is ``"cuda"`` and CUDA can't be used, saying why.

        Example:
            >>> space = SearchSpace.preset("small")
            >>> space.sample(10, seed=1)[4:] == space.sample(6, seed=1, start=4)
            True
        """
        num_cells = check_int("num_cells", num_cells, 0)
        start = check_int("start", start, 0, 2**64 - 1)
        seed = check_seed(seed)
        check_in("device", device, ("cpu", "cuda"))
        if device == "cuda":
            return device_graph.sample(self.native(), num_cells, seed, start, self.op_names)
        adjacency, ops, sizes, num_failed = _core.sample(self.native(), num_cells, seed, start)
        assert num_failed == 0, "2^16 attempts at 1 % each"
        return CellBatch.from_native(adjacency, ops, sizes, self.op_names)

    def contains(self, cells: CellBatch) -> NDArray[np.bool_]:
        """Which cells this space could have drawn, dead nodes apart, bool ``[B]``.

        Args:
            cells: Pruned cells with the operations of the space.

        Example:
            >>> space = SearchSpace(num_nodes=3, ops=("conv1x1",), edge_prob=1.0, max_edges=3)
            >>> space.contains(space.sample(1)).tolist()
            [True]
        """
        kept = cells.sizes <= self.num_nodes
        if self.max_edges is not None:
            kept &= cells.num_edges <= self.max_edges
        if self.distribution == "grow":
            kept &= (cells.dense().sum(axis=2) <= MOST_GROWN).all(axis=1)
        return np.asarray(kept)

    def native(self) -> tuple[int, int, bool, int, int, int]:
        """What the native sampler takes: see SampleSpec in ``csrc/graph/sample.h``."""
        return (
            self.num_nodes,
            len(self.ops),
            self.has_output,
            DISTRIBUTIONS.index(self.distribution),
            round(self.edge_prob * 2**32),
            -1 if self.max_edges is None else self.max_edges,
        )


PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "paper": {"num_nodes": 30, "edge_prob": 0.2},
        "small": {"num_nodes": 10, "edge_prob": 0.4},
        "nasbench101": {
            "num_nodes": 7,
            "ops": ("conv3x3", "conv1x1", "maxpool3x3"),
            "edge_prob": 0.5,
            "max_edges": 9,
            "has_output": True,
        },
        "nasgem-bench": {"num_nodes": 6, "ops": ("conv3x3",), "edge_prob": 0.5},
    }
)


def _read_ops(ops: Any) -> tuple[str, ...]:
    if isinstance(ops, str):
        raise TypeError(f"ops must be a sequence of names, got the string {ops!r}")
    names = tuple(ops)
    if not 1 <= len(names) <= 250:
        raise ValueError(f"ops must hold 1 .. 250 names, got {len(names)}")
    for name in names:
        if name in RESERVED:
            raise ValueError(f"ops must not hold the reserved {name!r}, it is never sampled")
        get_op(name)
        if names.count(name) > 1:
            raise ValueError(f"ops must all differ, got {name!r} twice")
    return names
