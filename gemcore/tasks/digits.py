"""scikit-learn's handwritten digits: 1797 grey images of 8 x 8, bundled with that package."""

from sklearn.datasets import load_digits

from gemcore.encoder import EncoderConfig
from gemcore.networks.skeleton import Skeleton
from gemcore.space import SearchSpace
from gemcore.tasks.image_config import ImageConfig
from gemcore.tasks.proxy_task import ProxyTask


def digits_task(images: ImageConfig | None = None) -> ProxyTask:
    """The task ``"digits"``: 1150 images for training, 288 for validation, 359 for test.

    Args:
        images: Other shares than these; sizes of images are for files.
    """
    config = images or ImageConfig()
    digits = load_digits()
    return ProxyTask(
        digits.images,
        digits.target,
        test_fraction=config.test_fraction,
        valid_fraction=config.valid_fraction,
        proxy_fraction=config.proxy_fraction or 1.0,
        name="digits",
        space=SearchSpace.preset("small"),
        skeleton=Skeleton.preset("proxy", width=8),
        image_config=config,
        config={
            "num_trials": 48,
            "cells_per_round": 4,
            "encoder": EncoderConfig(num_steps=1200),  # Half a minute on two cores.
        },
    )
