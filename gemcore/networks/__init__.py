"""From cells to networks: what surrounds a cell, the module that it becomes, what that costs."""

from gemcore.networks.cost import NetworkCost, network_cost
from gemcore.networks.network import Network, build_network
from gemcore.networks.skeleton import Skeleton, Stage

__all__ = ["Network", "NetworkCost", "Skeleton", "Stage", "build_network", "network_cost"]
