"""Embeddings: cells to vectors, learned from unlabelled cells or from none."""

from gemcore.embedding.making import EMBEDDINGS, load_embedding, make_embedding
from gemcore.embedding.protocol import Embedding

__all__ = ["EMBEDDINGS", "Embedding", "load_embedding", "make_embedding"]
