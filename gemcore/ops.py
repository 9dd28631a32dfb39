"""Operations: what a node of a cell computes, what it costs, and the registry of their names."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import nn

from gemcore import blocks
from gemcore.arguments import check_int, check_type, describe

INPUT = "input"  # Node 0 of every cell.
OUTPUT = "output"  # The last node of NAS-Bench-101's cells: no operation, it names the leaves.
RESERVED = (INPUT, OUTPUT)


@dataclass(frozen=True)
class Op:
    """An operation of a cell.

    Args:
        name: How cells and spaces call it.
        build: ``build(in_channels, out_channels)``, a module that maps ``[B, in_channels, H, W]``
            to ``[B, out_channels, H, W]`` and leaves its input unchanged.
        macs: ``macs(in_channels, out_channels, height, width)``, multiply-adds of its convolutions
            and linear layers on one image.
        params: ``params(in_channels, out_channels)``, number of its trainable parameters.
    """

    name: str
    build: Callable[[int, int], nn.Module]
    macs: Callable[[int, int, int, int], int]
    params: Callable[[int, int], int]

    def price(
        self, in_channels: int, out_channels: int, height: int, width: int
    ) -> tuple[int, int]:
        """Multiply-adds on one image, and parameters, of a node.

        Raises:
            TypeError: If one of them is no integer.
            ValueError: If one of them is negative.

        Example:
            >>> get_op("conv1x1").price(4, 8, 5, 5)  # 4 * 8 * 25; 4 * 8 + 2 * 8.
            (800, 48)
        """
        size = (in_channels, out_channels, height, width)
        macs = check_int(f"macs{size} of op {self.name!r}", self.macs(*size), 0)
        params = check_int(f"params{size[:2]} of op {self.name!r}", self.params(*size[:2]), 0)
        return macs, params


def _convolution(name: str, kernel_size: int) -> Op:
    return Op(
        name,
        partial(blocks.conv_bn_relu, kernel_size=kernel_size),
        partial(blocks.conv_macs, kernel_size=kernel_size),
        partial(blocks.conv_params, kernel_size=kernel_size),
    )


BUILT_IN = (
    _convolution("conv1x1", kernel_size=1),
    Op("sepconv3x3", blocks.separable_conv, blocks.separable_macs, blocks.separable_params),
    _convolution("conv3x3", kernel_size=3),
    Op("maxpool3x3", blocks.max_pool, blocks.projection_macs, blocks.projection_params),
    Op("identity", blocks.identity, blocks.projection_macs, blocks.projection_params),
)
_registry: dict[str, Op] = {op.name: op for op in BUILT_IN}


def register_op(
    name: str,
    build: Callable[[int, int], nn.Module],
    macs: Callable[[int, int, int, int], int],
    params: Callable[[int, int], int],
    *,
    replace: bool = False,
) -> None:
    """Makes an operation known to search spaces, networks and their cost.

    Args:
        name: A new name: letters, digits and underscores.
        build: See :class:`Op`; it must emit ``out_channels``, which is checked at every build.
        macs: See :class:`Op`.
        params: See :class:`Op`.
        replace: Whether an operation of this name that was registered before may be replaced.

    Raises:
        TypeError: If ``name`` is not a string, or a function not callable.
        ValueError: If the name is reserved, built in or taken.

    Example:
        >>> def dilated(in_channels: int, out_channels: int) -> nn.Module:
        ...     return nn.Conv2d(in_channels, out_channels, 3, padding=2, dilation=2)
        >>> register_op(
        ...     "dilated3x3",
        ...     dilated,
        ...     macs=lambda in_channels, out_channels, height, width: (
        ...         9 * in_channels * out_channels * height * width
        ...     ),
        ...     params=lambda in_channels, out_channels: (9 * in_channels + 1) * out_channels,
        ... )
        >>> get_op("dilated3x3").params(2, 4)
        76
        >>> unregister_op("dilated3x3")
    """
    check_type("name", name, str)
    if not name.isidentifier():
        raise ValueError(f"name must be made of letters, digits and underscores, got {name!r}")
    if name in RESERVED or is_built_in(name):
        raise ValueError(f"name must not be reserved or built in, got {name!r}")
    if name in _registry and not replace:
        raise ValueError(f"name must be new unless replace=True, got {name!r}")
    for argument, function in (("build", build), ("macs", macs), ("params", params)):
        if not callable(function):
            raise TypeError(f"{argument} must be callable, got {describe(function)}")
    _registry[name] = Op(name, build, macs, params)


def unregister_op(name: str) -> None:
    """Forgets an operation that :func:`register_op` made known.

    Raises:
        ValueError: If no such operation was registered, or it is built in.
    """
    if name not in _registry or is_built_in(name):
        raise ValueError(f"name must be one that register_op made known, got {name!r}")
    del _registry[name]


def get_op(name: object) -> Op:
    """The operation of this name.

    Raises:
        ValueError: If none is registered.
    """
    if not isinstance(name, str) or name not in _registry:
        raise ValueError(f"op must be one of {', '.join(_registry)}, got {name!r}")
    return _registry[name]


def is_built_in(name: str) -> bool:
    """Whether gemcore itself brings this operation; such a one can't be replaced."""
    return any(op.name == name for op in BUILT_IN)


def registered_ops() -> tuple[str, ...]:
    """Names of all operations, the built-in ones first.

    Example:
        >>> registered_ops()[:3]
        ('conv1x1', 'sepconv3x3', 'conv3x3')
    """
    return tuple(_registry)
