"""Source text of the layers in :mod:`gemcore.blocks`, for files that stand alone.

What each text computes is that of its twin, to the bit; tests hold the two together.
"""

CONV_BN_RELU = '''\
def conv_bn_relu(in_channels: int, out_channels: int, kernel_size: int) -> nn.Sequential:
    """Convolution without bias, batch normalization, ReLU; height and width stay."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
    bn = nn.BatchNorm2d(out_channels)
    return nn.Sequential(OrderedDict(conv=conv, bn=bn, relu=nn.ReLU(inplace=True)))
'''

SEPARABLE_CONV = '''\
def separable_conv(in_channels: int, out_channels: int) -> nn.Sequential:
    """Depthwise 3x3 and pointwise 1x1 convolution, batch normalization, ReLU."""
    return nn.Sequential(
        OrderedDict(
            depthwise=nn.Conv2d(
                in_channels, in_channels, 3, padding=1, groups=in_channels, bias=False
            ),
            pointwise=nn.Conv2d(in_channels, out_channels, 1, bias=False),
            bn=nn.BatchNorm2d(out_channels),
            relu=nn.ReLU(inplace=True),
        )
    )
'''

MAX_POOL = '''\
def max_pool(in_channels: int, out_channels: int) -> nn.Module:
    """3x3 max-pool of stride 1, behind a 1x1 convolution where the width has to change."""
    pool = nn.MaxPool2d(3, stride=1, padding=1)
    if in_channels == out_channels:
        return pool
    return nn.Sequential(OrderedDict(project=conv_bn_relu(in_channels, out_channels, 1), pool=pool))
'''

IDENTITY = '''\
def identity(in_channels: int, out_channels: int) -> nn.Module:
    """Nothing, or a 1x1 convolution where the width has to change."""
    if in_channels == out_channels:
        return nn.Identity()
    return conv_bn_relu(in_channels, out_channels, 1)
'''

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
TEXTS = {
    "conv_bn_relu": CONV_BN_RELU,
    "separable_conv": SEPARABLE_CONV,
    "max_pool": MAX_POOL,
    "identity": IDENTITY,
}
