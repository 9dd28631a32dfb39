"""The kernel-guided encoder: cells to vectors as similar as the cells (section 3.1, eqs. 2-4)."""

from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.model import Encoder
from gemcore.encoder.report import EncoderReport, KindLosses
from gemcore.encoder.training import train_encoder

__all__ = ["Encoder", "EncoderConfig", "EncoderReport", "KindLosses", "train_encoder"]
