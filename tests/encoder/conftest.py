import pytest

from gemcore import SearchSpace
from gemcore.encoder import Encoder, EncoderConfig, train_encoder

TINY = EncoderConfig(
    embedding_dim=8,
    hidden_dims=(32,),
    decoder_dims=(32,),
    num_steps=30,
    batch_size=32,
    validation_pairs=100,
    validate_every=10,
    report_pairs=400,
)


@pytest.fixture(scope="session")
def space() -> SearchSpace:
    return SearchSpace(num_nodes=6, edge_prob=0.4)


@pytest.fixture(scope="session")
def tiny() -> EncoderConfig:
    """Settings that train in a blink."""
    return TINY


@pytest.fixture(scope="session")
def encoder(space: SearchSpace) -> Encoder:
    return train_encoder(space, TINY, seed=1)
