"""A whole network: stem, stages of copies of one cell, head."""

from collections import OrderedDict

from torch import Tensor, nn

from gemcore.arguments import check_int, check_type
from gemcore.blocks import conv_bn_relu
from gemcore.cell import Cell
from gemcore.cell_batch import CellBatch
from gemcore.graph import prune
from gemcore.networks.cell_module import CellModule, check_ops
from gemcore.networks.skeleton import Skeleton
from gemcore.ops import OUTPUT


class Network(nn.Module):
    """Classifies images; made by :func:`build_network`.

    Attributes:
        stem: 3x3 convolution, batch normalization, ReLU.
        stages: ``stages[i][j]`` is copy j of the cell in stage i, a :class:`CellModule`.
        head: Global average pooling, then a linear classifier.
        cell: The pruned cell.
        skeleton: What surrounds it.
    """

    def __init__(self, cell: Cell, skeleton: Skeleton, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.cell = cell
        self.skeleton = skeleton
        self.stem = conv_bn_relu(in_channels, skeleton.stem_width, 3)
        channels = skeleton.stem_width
        self.stages = nn.ModuleList()
        for stage in skeleton.stages:
            copies = nn.Sequential()
            for reduces in stage.reductions:
                module = CellModule(cell, channels, stage.width, reduces=reduces)
                channels = module.out_channels
                copies.append(module)
            self.stages.append(copies)
        pool = nn.AdaptiveAvgPool2d(1)
        classifier = nn.Linear(channels, num_classes)
        layers = {"pool": pool, "flatten": nn.Flatten(), "classifier": classifier}
        self.head = nn.Sequential(OrderedDict(layers))

    def forward(self, images: Tensor) -> Tensor:
        """Logits ``[B, num_classes]`` of images ``[B, in_channels, H, W]``, of any size."""
        values = self.stem(images)
        for copies in self.stages:
            values = copies(values)
        logits: Tensor = self.head(values)
        return logits


def build_network(
    cell: Cell, skeleton: Skeleton, *, num_classes: int, in_channels: int = 3
) -> Network:
    """The network of a cell: an ordinary module, trained and saved like any other.

    Nodes that the cell's input does not reach are dropped first; a cell that has an ``output``
    node also loses those that don't reach it. Weights are drawn from torch's global generator, in
    torch's default dtype.

    Args:
        cell: With ``input`` at node 0 and nowhere else, registered operations at the other nodes,
            and possibly the reserved ``output`` at the last one.
        skeleton: Stem, stages and head around it.
        num_classes: Logits of an image, >= 1.
        in_channels: Channels of an image, >= 1.

    Returns:
        A module that maps ``[B, in_channels, H, W]`` to logits ``[B, num_classes]``.

    Raises:
        TypeError: If an argument is of another type.
        ValueError: If the cell can't become a network, or an operation of a user's own does not
            emit what it must.

    Example:
        >>> from gemcore.networks.skeleton import Stage
        >>> cell = Cell(("input", "conv1x1", "conv1x1"), ((0, 1), (0, 2)))
        >>> skeleton = Skeleton(stem_width=4, stages=(Stage(width=8),))
        >>> network = build_network(cell, skeleton, num_classes=2, in_channels=1)
        >>> network.stages[0][0].out_channels  # Two leaves of 8 channels.
        16
        >>> sum(parameter.numel() for parameter in network.parameters())
        174

    Source: Cheng et al. 2021, section 3.2.
    """
    check_type("cell", cell, Cell)
    check_type("skeleton", skeleton, Skeleton)
    num_classes = check_int("num_classes", num_classes, 1)
    in_channels = check_int("in_channels", in_channels, 1)
    check_ops(cell)
    return Network(prune_cell(cell), skeleton, num_classes, in_channels)


def prune_cell(cell: Cell) -> Cell:
    """The nodes of a cell that its network consists of."""
    return prune(CellBatch.from_cells([cell]), to_output=OUTPUT in cell.ops)[0]
