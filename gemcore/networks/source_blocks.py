"""The layers of :mod:`gemcore.blocks` as source, for files that stand alone."""

import inspect
from collections.abc import Iterable

from gemcore import blocks

# Operation -> the function that builds it, and what follows the channels in its call.
CALLS = {
    "conv1x1": ("conv_bn_relu", ", 1"),
    "conv3x3": ("conv_bn_relu", ", 3"),
    "sepconv3x3": ("separable_conv", ""),
    "maxpool3x3": ("max_pool", ""),
    "identity": ("identity", ""),
}
# Operations that need no projection where they read one other node, which is as wide as they.
PLAIN = {
    "maxpool3x3": "nn.MaxPool2d(3, stride=1, padding=1)",
    "identity": "nn.Identity()",
}
BUILDERS = (blocks.conv_bn_relu, blocks.separable_conv, blocks.max_pool, blocks.identity)


def write_builders(users: Iterable[str]) -> list[str]:
    """The functions of :mod:`gemcore.blocks` that texts call, each as it stands there."""
    called = [f for f in BUILDERS if any(f"{f.__name__}(" in text for text in users)]
    return [inspect.getsource(function) for function in (blocks.named, *called)]
