import dataclasses

import numpy as np

from baselines.nystrom import Nystrom
from gemcore.encoder import EncoderConfig
from gemcore.space import SearchSpace
from gemcore.wl import wl_gram

CONFIG = dataclasses.replace(EncoderConfig.paper(), labels="ops", embedding_dim=12)
SPACE = SearchSpace.preset("small")


def test_with_as_many_numbers_as_landmarks_their_similarity_is_exact() -> None:
    landmarks = SPACE.sample(12, seed=1)
    embedded = Nystrom(landmarks, CONFIG).embed(landmarks)
    assert np.abs(embedded @ embedded.T - wl_gram(landmarks, n_iter=2, labels="ops")).max() < 1e-9


def test_with_fewer_it_is_the_best_of_that_rank() -> None:
    landmarks, few = SPACE.sample(40, seed=2), dataclasses.replace(CONFIG, embedding_dim=5)
    embedded = Nystrom(landmarks, few).embed(landmarks)
    gram = wl_gram(landmarks, n_iter=2, labels="ops")
    assert embedded.shape == (40, 5)
    left = np.sort(np.linalg.eigvalsh(gram))[:-5]  # Eckart & Young 1936.
    assert np.isclose(np.linalg.norm(embedded @ embedded.T - gram), np.linalg.norm(left))


def test_twins_among_the_landmarks_do_no_harm() -> None:
    twice = SPACE.sample(4, seed=3)[[0, 1, 2, 3, 0, 1, 2, 3]]
    embedded = Nystrom(twice, CONFIG).embed(twice)
    assert embedded.shape == (8, 4)
    assert np.abs(embedded @ embedded.T - wl_gram(twice, n_iter=2, labels="ops")).max() < 1e-9
