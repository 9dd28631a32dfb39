"""Encoders of cells: the paper's, guided by the kernel (section 3.1, eqs. 2-4), and one that no
numbering of nodes changes.
"""

from gemcore.encoder.cache import cached_encoder
from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.invariant import InvariantEncoder, InvariantReport
from gemcore.encoder.invariant_config import InvariantConfig
from gemcore.encoder.invariant_training import train_invariant_encoder
from gemcore.encoder.model import Encoder
from gemcore.encoder.report import EncoderReport, KindLosses
from gemcore.encoder.training import train_encoder

__all__ = [
    "Encoder",
    "EncoderConfig",
    "EncoderReport",
    "InvariantConfig",
    "InvariantEncoder",
    "InvariantReport",
    "KindLosses",
    "cached_encoder",
    "train_encoder",
    "train_invariant_encoder",
]
