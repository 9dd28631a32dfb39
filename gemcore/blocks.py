"""The layers that networks are made of, each beside its multiply-adds and parameters."""

from collections import OrderedDict

from torch import nn


def conv_bn_relu(in_channels: int, out_channels: int, kernel_size: int) -> nn.Sequential:
    """Convolution without bias, batch normalization, ReLU; height and width stay."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    return named(conv=conv, bn=nn.BatchNorm2d(out_channels), relu=nn.ReLU(inplace=True))


def conv_macs(
    in_channels: int, out_channels: int, height: int, width: int, kernel_size: int
) -> int:
    """Multiply-adds of :func:`conv_bn_relu` on one image; only the convolution's count."""
    return kernel_size**2 * in_channels * out_channels * height * width


def conv_params(in_channels: int, out_channels: int, kernel_size: int) -> int:
    """Parameters of :func:`conv_bn_relu`, the scale and shift of its normalization included."""
    return kernel_size**2 * in_channels * out_channels + 2 * out_channels


def separable_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Depthwise 3x3, pointwise 1x1, batch normalization, ReLU.

    Nothing stands between the two convolutions: a normalization there would need a statistic over
    the whole batch and keep the pair from ever running in one pass.
    """
    depthwise = nn.Conv2d(in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False)
    pointwise = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    bn = nn.BatchNorm2d(out_channels)
    return named(depthwise=depthwise, pointwise=pointwise, bn=bn, relu=nn.ReLU(inplace=True))


def separable_macs(in_channels: int, out_channels: int, height: int, width: int) -> int:
    """Multiply-adds of :func:`separable_conv` on one image."""
    return in_channels * (9 + out_channels) * height * width


def separable_params(in_channels: int, out_channels: int) -> int:
    """Parameters of :func:`separable_conv`."""
    return in_channels * (9 + out_channels) + 2 * out_channels


def max_pool(in_channels: int, out_channels: int) -> nn.Module:
    """3x3 max-pool of stride 1, behind a 1x1 convolution where the width has to change."""
    pool = nn.MaxPool2d(3, stride=1, padding=1)
    if in_channels == out_channels:
        return pool
    return named(project=conv_bn_relu(in_channels, out_channels, 1), pool=pool)


def identity(in_channels: int, out_channels: int) -> nn.Module:
    """Nothing, or a 1x1 convolution where the width has to change."""
    if in_channels == out_channels:
        return nn.Identity()
    return conv_bn_relu(in_channels, out_channels, 1)


def projection_macs(in_channels: int, out_channels: int, height: int, width: int) -> int:
    """Multiply-adds of :func:`max_pool` and :func:`identity` on one image."""
    if in_channels == out_channels:
        return 0
    return conv_macs(in_channels, out_channels, height, width, kernel_size=1)


def projection_params(in_channels: int, out_channels: int) -> int:
    """Parameters of :func:`max_pool` and :func:`identity`."""
    if in_channels == out_channels:
        return 0
    return conv_params(in_channels, out_channels, kernel_size=1)


def named(**layers: nn.Module) -> nn.Sequential:
    """Layers one after the other, called by their names in the state."""
    return nn.Sequential(OrderedDict(layers))
