"""Tables of cells that were trained before: tasks that answer at once."""

from gemcore.tables.cell_table import CellTable
from gemcore.tables.nasbench101 import NASBench101
from gemcore.tables.nasbench201 import NASBench201
from gemcore.tables.synthesis import synthetic

__all__ = ["CellTable", "NASBench101", "NASBench201", "synthetic"]
