"""Measures a trained encoder on pairs that it has not seen."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gemcore.encoder.baselines import Baselines
from gemcore.encoder.coder import Coder
from gemcore.encoder.losses import cosine_similarity, split_logits
from gemcore.encoder.report import EncoderReport, KindLosses
from gemcore.pairs import PairBatch

CHUNK = 4096


@dataclass(frozen=True)
class Ending:
    """How training went.

    Args:
        num_steps: Steps that were made.
        seconds: Time that they took.
        ended: Why it ended, see :class:`EncoderReport`.
    """

    num_steps: int
    seconds: float
    ended: str


def measure(coder: Coder, pairs: PairBatch, baselines: Baselines, ending: Ending) -> EncoderReport:
    """The report of a trained encoder on fresh pairs."""
    similarity = pairs.similarity.numpy().astype(np.float64)
    predicted, shares = _predict(coder, pairs)
    kind = pairs.kind.numpy()
    rows = {"encoder": predicted, "isotonic": baselines.isotonic(pairs)}
    losses = {
        name: KindLosses.of((values - similarity) ** 2, kind)
        for name, values in {**rows, "constant": np.full_like(predicted, baselines.mean)}.items()
    }
    return EncoderReport(
        num_pairs=len(pairs),
        **losses,
        correlation=_correlation(predicted, similarity),
        present_edges=shares["present"],
        absent_edges=shares["absent"],
        ops=shares["ops"] or 0.0,
        num_steps=ending.num_steps,
        seconds=ending.seconds,
        ended=ending.ended,
    )


@torch.inference_mode()
def _predict(coder: Coder, pairs: PairBatch) -> tuple[NDArray[np.float64], dict[str, float | None]]:
    """The cosine of each pair, and what share of edges and operations is decoded rightly."""
    flat, cosines = coder.flat, []
    right = dict.fromkeys(("present", "absent", "ops"), 0)
    total = dict(right)
    for start in range(0, len(pairs), CHUNK):
        chunk = slice(start, start + CHUNK)
        cells = (pairs.cells_a[chunk], pairs.cells_b[chunk])
        x, y = (coder.code(flat.expand(flat.prepare(c), coder.device)) for c in cells)
        cosines.append(cosine_similarity(x.embedding, y.embedding).cpu())
        for coded in (x, y):
            edge_logits, op_logits = split_logits(coded.logits, flat.num_edges, flat.num_nodes)
            edges, decoded = coded.edges.bool(), edge_logits > 0
            hits = {
                "present": (decoded & edges, edges),
                "absent": (~decoded & ~edges, ~edges),
                "ops": (op_logits.argmax(dim=2) == coded.ops, torch.ones_like(coded.ops)),
            }
            for name, (hit, of) in hits.items():
                right[name] += int(hit.sum())
                total[name] += int(of.sum())
    shares = {name: right[name] / total[name] if total[name] else None for name in total}
    return torch.cat(cosines).double().numpy(), shares


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    if x.std() < 1e-12 or y.std() < 1e-12:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])
