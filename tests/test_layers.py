"""Imports inside gemcore go down the layers only, and few modules touch native code."""

import ast
from pathlib import Path

import gemcore

# Lowest first; within a layer, a module may import those named before it.
LAYERS: list[list[str]] = [
    ["_core", "_cuda"],
    [
        "arguments",
        "topology",
        "packing",
        "philox",
        "progress",
        "threads",
        "simd",
        "cuda",
        "devices",
        "sharing",
    ],
    [
        "atomic_files",
        "pickle_opcodes",
        "restricted_pickle",
        "plain_config",
        "plain_difference",
        "python_text",
        "learned_cache",
    ],
    ["drawing", "cell", "cell_batch", "blocks", "ops"],
    [
        "device_cells",
        "device_graph",
        "graph",
        "space",
        "cell_index",
        "listed_space",
        "graph_rows",
        "graph_forms",
    ],
    [
        "score",
        "nasbench101",
        "cell_prices",
        "features",
        "feature_scale",
        "gram_output",
        "wl_settings",
        "device_wl",
        "wl",
        "wl_kernel",
        "wl_signal",
    ],
    ["pair_mixture", "device_pairs", "pairs", "pair_shards", "tables"],
    ["encoder", "embedding", "networks", "predictor", "bootstrap", "mutation"],
    ["tasks", "trials"],
    ["searching"],
    ["report", "cli", "__main__"],
    ["__init__"],
]
MAY_TOUCH_NATIVE = {
    "threads",
    "simd",
    "cuda",
    "graph",
    "space",
    "nasbench101",
    "features",
    "wl",
    "networks",
    "__init__",
}
RANK = {name: rank for rank, name in enumerate(name for layer in LAYERS for name in layer)}
ROOT = Path(gemcore.__file__).parent


def room(path: Path) -> str:
    """The module, or the package that a module belongs to."""
    first = path.relative_to(ROOT).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gemcore":
            parts = (node.module or "").split(".")[1:]
            found |= {parts[0]} if parts else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found |= {name[1] for name in names if name[0] == "gemcore" and len(name) > 1}
    return found


def test_imports_go_down() -> None:
    modules = sorted(ROOT.rglob("*.py"))
    assert len(modules) > 20
    for path in modules:
        for imported in imports_of(path) - {room(path)}:
            assert RANK[imported] < RANK[room(path)], f"{path.name} imports {imported}"


def test_few_modules_touch_native_code() -> None:
    for path in ROOT.rglob("*.py"):
        if {"_core", "_cuda"} & imports_of(path):
            assert room(path) in MAY_TOUCH_NATIVE, f"{path.name} touches native code"


def test_every_module_has_a_place() -> None:
    rooms = {room(path) for path in ROOT.rglob("*.py")}
    assert rooms == set(RANK) - {"_core", "_cuda"}


def test_rooms_are_small_and_well_named() -> None:
    for path in ROOT.rglob("*.py"):
        assert len(path.read_text().splitlines()) <= 300, f"{path.name} is too long"
        assert path.stem not in {"utils", "util", "helpers", "common", "misc", "base"}
