"""What one term of a cell's cost (see ``csrc/cell/cost.h``) adds up to over a whole network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gemcore.arguments import check_int, check_type
from gemcore.blocks import conv_macs, conv_params
from gemcore.networks.skeleton import Skeleton
from gemcore.ops import Op


@dataclass(frozen=True)
class Place:
    """Where one copy of the cell stands: what its nodes emit on one image."""

    channels: int
    height: int
    width: int


@dataclass(frozen=True)
class Pricing:
    """Prices of a skeleton's terms for images of one size: pairs (multiply-adds, parameters)."""

    skeleton: Skeleton
    input_size: tuple[int, int, int]
    num_classes: int

    @classmethod
    def read(cls, skeleton: Skeleton, input_size: Sequence[int], num_classes: int) -> "Pricing":
        """Checks the arguments of :func:`gemcore.network_cost`."""
        check_type("skeleton", skeleton, Skeleton)
        check_type("input_size", input_size, (tuple, list))
        if len(input_size) != 3:
            raise ValueError(
                f"input_size must be (channels, height, width), got {tuple(input_size)}"
            )
        channels, height, width = (
            check_int(f"input_size[{i}]", size, 1) for i, size in enumerate(input_size)
        )
        num_classes = check_int("num_classes", num_classes, 1)
        return cls(skeleton, (channels, height, width), num_classes)

    @cached_property
    def places(self) -> list[Place]:
        """One for each copy of the cell, in the order that data passes them."""
        _, height, width = self.input_size
        found = []
        for stage in self.skeleton.stages:
            for reduces in stage.reductions:
                if reduces:
                    height, width = (height + 1) // 2, (width + 1) // 2
                found.append(Place(stage.width, height, width))
        return found

    def in_channels(self, input_row: int, num_inner: int) -> list[int]:
        """Channels that a node reads in each copy of the cell.

        Args:
            input_row: 0 if it does not read node 0; else 1 + 2 * (number of leaves other than
                node 0) + (whether node 0 is a leaf).
            num_inner: How many nodes other than node 0 it reads.
        """
        num_leaves, input_is_leaf = divmod(input_row - 1, 2)
        carried = self.skeleton.stem_width  # By node 0.
        found = []
        for place in self.places:
            found.append(num_inner * place.channels + (carried if input_row else 0))
            carried = num_leaves * place.channels + input_is_leaf * carried
        return found

    def price_of_node(self, op: Op, in_channels: Sequence[int]) -> tuple[int, int]:
        """A node's operation, summed over all copies of the cell."""
        macs = params = 0
        for place, channels in zip(self.places, in_channels, strict=True):
            price = op.price(channels, place.channels, place.height, place.width)
            macs, params = macs + price[0], params + price[1]
        return macs, params

    def price_of_rest(self, in_channels: Sequence[int]) -> tuple[int, int]:
        """Stem and head; the last copy's leaves are what the classifier reads."""
        channels, height, width = self.input_size
        stem = self.skeleton.stem_width
        macs = conv_macs(channels, stem, height, width, kernel_size=3)
        params = conv_params(channels, stem, kernel_size=3)
        classifier = in_channels[-1] * self.num_classes
        return macs + classifier, params + classifier + self.num_classes
