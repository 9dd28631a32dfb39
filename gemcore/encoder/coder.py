"""The two networks that are trained together, encoder E and decoder D (section 3.1)."""

import torch
from torch import nn

from gemcore.encoder.config import EncoderConfig
from gemcore.encoder.features import FlatInput, GraphTensors
from gemcore.encoder.layers import fully_connected
from gemcore.encoder.losses import Coded
from gemcore.philox import Stream, torch_generator


class Coder(nn.Module):
    """Encoder and decoder of section 3.1: two fully connected networks.

    Args:
        flat: What the encoder reads, and the decoder tells.
        config: Widths of the layers.
        seed: Of the weights.
    """

    def __init__(self, flat: FlatInput, config: EncoderConfig, seed: int) -> None:
        super().__init__()
        self.flat = flat
        ends = flat.num_features, config.embedding_dim, flat.num_logits
        generator = torch_generator(seed, Stream.ENCODER_WEIGHTS)
        self.encoder = fully_connected((ends[0], *config.hidden_dims, ends[1]), generator)
        self.decoder = fully_connected((ends[1], *config.decoder_dims, ends[2]), generator)

    def code(self, graphs: GraphTensors) -> Coded:
        """The graphs, their embeddings, and what these decode to."""
        embedding = self.encoder(self.flat.flatten(graphs))
        return Coded(embedding, self.decoder(embedding), graphs.edges, graphs.ops)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device
