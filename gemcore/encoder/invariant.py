"""The trained invariant encoder: cells to vectors that no numbering of nodes changes."""

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from gemcore.arguments import check_type
from gemcore.atomic_files import read_document, read_tensors, write_document, write_tensors
from gemcore.cell_batch import CellBatch
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_input import GraphReader
from gemcore.encoder.invariant_network import InvariantNetwork
from gemcore.feature_scale import FeatureScale
from gemcore.philox import Stream, torch_generator
from gemcore.plain_config import from_plain, to_plain

DOCUMENT, VERSION = "gemcore.invariant_encoder", 1
NODES_AT_ONCE = 1024  # What a layer makes of so many nodes stays within a core's cache.
ENTRIES_AT_ONCE = 2**20  # Of adjacency matrices.


@dataclass(frozen=True)
class InvariantReport:
    """How well an invariant encoder knows a space; 1 is all, 0 what a constant knows.

    Args:
        kernel: Share of the centered kernel's mean square that inner products explain.
        features: Share of the features' mean square that linear functions explain.
        num_pairs: Fresh pairs that it was measured on.
        num_steps: Steps of training.
        seconds: Time of training.
    """

    kernel: float
    features: float
    num_pairs: int
    num_steps: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"explained on {self.num_pairs} fresh pairs: kernel {self.kernel:.1%}, "
            f"features {self.features:.1%}\n"
            f"{self.num_steps} steps in {self.seconds:.0f} s"
        )


class InvariantEncoder:
    """Maps cells to vectors from which their features and similarities are read.

    Made by :func:`train_invariant_encoder` or :meth:`load`.

    Args:
        network: The graph network.
        reader: How it reads cells.
        scale: Of the features that it was taught.
        config: How it was trained.
        report: How much it knows.
    """

    def __init__(
        self,
        network: InvariantNetwork,
        reader: GraphReader,
        scale: FeatureScale,
        config: InvariantConfig,
        report: InvariantReport,
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.reader = reader
        self.scale = scale
        self.config = config
        self.report = report
        """What it explains of kernel and features on fresh pairs."""

    @property
    def embedding_dim(self) -> int:
        """Numbers in an embedding."""
        return self.network.embedding_dim

    @torch.inference_mode()
    def encode(self, cells: CellBatch) -> Tensor:
        """Embeddings of the cells.

        Args:
            cells: B cells of at most 256 nodes with operations of the space (matched by name); any
                numbering. Nodes that do nothing don't count.

        Returns:
            float32 ``[B, embedding_dim]``, on the device of the weights; equal for isomorphic
            cells up to rounding.

        Raises:
            TypeError: If ``cells`` is not a CellBatch.
            ValueError: If a cell has an unknown operation.
        """
        check_type("cells", cells, CellBatch)
        device = self.network.ops.device
        shape = len(cells), self.embedding_dim
        embedding = torch.empty(shape, dtype=torch.float32, device=device)
        for part, prepared in graph_parts(self.reader, cells):
            embedding[part] = self.network(self.reader.inputs(prepared, device))
        return embedding

    def save(self, directory: str | Path) -> None:
        """Writes ``invariant.safetensors`` and ``invariant.json`` to the folder."""
        directory = Path(directory)
        tensors = self.network.state_dict() | self.scale.to_tensors()
        content = {
            "config": to_plain(self.config),
            "op_names": list(self.reader.op_names),
            "report": asdict(self.report),
            # A kill between the two files must not leave a pair that seems to belong together.
            "weights": _digest(tensors),
        }
        write_tensors(directory / "invariant.safetensors", tensors)
        path = directory / "invariant.json"
        write_document(path, content, kind=DOCUMENT, version=VERSION)

    @classmethod
    def load(cls, directory: str | Path) -> "InvariantEncoder":
        """The encoder that :meth:`save` wrote, on the CPU; its weights are equal to the bit.

        Raises:
            FileNotFoundError: If a file is missing.
            ValueError: If a file is corrupt, of another kind, newer than this gemcore, or of
                another encoder than the other file; it is named.
        """
        directory = Path(directory)
        path = directory / "invariant.json"
        content = read_document(path, kind=DOCUMENT, version=VERSION)
        tensors = read_tensors(directory / "invariant.safetensors")
        try:
            config = from_plain(InvariantConfig, content["config"])
            report = from_plain(InvariantReport, content["report"])
            op_names = tuple(content["op_names"])
            digest = content["weights"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} must describe an invariant encoder: {error}") from error
        network = new_network(len(op_names), config, 0)
        weights = {n: t for n, t in tensors.items() if not n.startswith("features.")}
        wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
        found = {name: tensor.shape for name, tensor in weights.items()}
        if found != wanted or _digest(tensors) != digest:
            raise ValueError(
                f"{directory / 'invariant.safetensors'} must hold the weights that invariant.json "
                f"beside it speaks of, got others"
            )
        network.load_state_dict(weights)
        scale = FeatureScale.from_tensors(tensors, op_names)
        return cls(network, GraphReader(op_names), scale, config, report)

    def __repr__(self) -> str:
        return f"InvariantEncoder(cells to {self.embedding_dim} numbers)"


def new_network(num_ops: int, config: InvariantConfig, seed: int) -> InvariantNetwork:
    """A network as training starts with."""
    generator = torch_generator(seed, Stream.INVARIANT_ENCODER, 0)
    return InvariantNetwork(num_ops, config, generator)


def graph_parts(reader: GraphReader, cells: CellBatch) -> Iterator[tuple[slice, CellBatch]]:
    """The cells, prepared, in parts that a network takes at once."""
    width = max(1, cells.num_nodes)
    size = max(1, min(NODES_AT_ONCE // width, ENTRIES_AT_ONCE // width**2))
    for start in range(0, len(cells), size):
        part = slice(start, min(start + size, len(cells)))
        yield part, reader.prepare(cells[part])


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        plain = tensors[name].detach().cpu().contiguous().view(torch.uint8)
        digest.update(plain.numpy().tobytes())
    return digest.hexdigest()
