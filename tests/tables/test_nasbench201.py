"""gemcore.tables.NASBench201: edges as nodes, the official dictionary, and what was saved."""

import itertools
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import networkx as nx
import numpy as np
import pytest
import torch

from gemcore import CellBatch, prune
from gemcore.tables import CellTable, NASBench201
from gemcore.tables.nasbench201_cells import NAMES, pack_archs, read_arch

FORMS = pytest.mark.parametrize("zipped", [True, False], ids=["archive", "legacy"])
ARCHS = [
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|",
    "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
    "|skip_connect~0|+|none~0|none~1|+|none~0|nor_conv_1x1~1|none~2|",
    "|none~0|+|skip_connect~0|none~1|+|none~0|none~1|nor_conv_1x1~2|",  # The same network.
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
]
SEEDS = {"cifar10-valid": [777, 888], "cifar10": [777], "cifar100": [777, 888, 999]}
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("x-valid", "x-test", "ori-test"),
    "ImageNet16-120": ("x-valid", "x-test", "ori-test"),
}


def accuracy_of(arch: int, dataset: str, seed: int, images: str, epoch: int) -> float:
    """Percent, different everywhere."""
    name = sum(map(ord, dataset + images)) % 50
    return (arch * 7 + name + seed % 10) / 4 + epoch / 1000


def result(arch: int, dataset: str, seed: int, epochs: int) -> dict[str, Any]:
    keys = [(f"{images}@{e}", images, e) for images in SETS[dataset] for e in range(epochs)]
    accuracies = {k: accuracy_of(arch, dataset, seed, images, e) for k, images, e in keys}
    return {
        "name": "infer.tiny",
        "net_state_dict": None,
        "train_acc1es": {e: accuracy_of(arch, dataset, seed, "train", e) for e in range(epochs)},
        "train_losses": {e: 1.5 for e in range(epochs)},
        "train_times": OrderedDict((e, 10.0 + arch) for e in range(epochs)),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": ARCHS[arch], "class_num": 10},
        "params": 0.25 + arch,
        "flop": 15.5 + arch,
        "seed": seed,
        "epochs": epochs,
        "latency": [0.5, 0.25],
        "eval_names": list(SETS[dataset]),
        "eval_acc1es": accuracies,
        "eval_losses": dict.fromkeys(accuracies, 1.0),
        "eval_times": dict.fromkeys(accuracies, 1.0),
    }


def benchmark() -> dict[str, Any]:
    """A small file's content, of 3 and 2 epochs in place of 200 and 12."""
    infos = {}
    for arch in range(len(ARCHS)):
        infos[arch] = {
            part: {
                "arch_index": arch,
                "arch_str": ARCHS[arch],
                "all_results": {
                    (dataset, seed): result(arch, dataset, seed, epochs)
                    for dataset, seeds in SEEDS.items()
                    for seed in seeds[: 1 + (arch + 1) % 3]
                },
                "dataset_seed": {d: seeds[: 1 + (arch + 1) % 3] for d, seeds in SEEDS.items()},
                "clear_net_done": True,
            }
            for part, epochs in (("full", 3), ("less", 2))
        }
    return {"meta_archs": ARCHS, "arch2infos": infos, "evaluated_indexes": set(range(len(ARCHS)))}


def save(path: Path, content: Any, zipped: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save(tmp_path / "NAS-Bench-201-v1_1-096897.pth", benchmark())


def test_edges_become_nodes() -> None:
    cell = read_arch(ARCHS[0])
    conv, pool = "nor_conv_3x3", "avg_pool_3x3"
    assert cell.ops == ("input", conv, conv, pool, "identity", conv, "output")
    # 0 -> 1 feeds 1 -> 2 and 1 -> 3; what ends at the third point ends nowhere.
    assert cell.edges == ((0, 1), (0, 2), (0, 4), (1, 3), (1, 5), (4, 6), (5, 6))
    assert prune(CellBatch.from_cells([cell]), to_output=True)[0].ops == (
        "input",
        conv,
        "identity",
        conv,
        "output",
    )
    assert read_arch(ARCHS[4]).edges == ()


def test_equal_to_the_line_graph_of_networkx() -> None:
    """All 64 choices of present edges, with their own operation each."""
    pairs = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
    for present in itertools.product((0, 1), repeat=6):
        names = itertools.cycle(NAMES)
        ops = {
            pair: next(names) if is_there else "none"
            for pair, is_there in zip(pairs, present, strict=True)
        }
        text = "+".join(
            "|" + "|".join(f"{ops[u, v]}~{u}" for u in range(v)) + "|" for v in range(1, 4)
        )
        graph = nx.DiGraph([(-1, 0), (3, 4), *(p for p in pairs if ops[p] != "none")])
        lines = nx.line_graph(graph)
        for node in graph.edges:
            lines.add_node(
                node, op=NAMES.get(ops.get(node, ""), {-1: "input"}.get(node[0], "output"))
            )
        cell = read_arch(text).to_networkx()
        match = nx.algorithms.isomorphism.categorical_node_match("op", None)
        assert nx.is_isomorphic(cell, lines, node_match=match)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|nor_conv_3x3~0|",
        ARCHS[0] + "+|none~0|none~1|none~2|none~3|",
        ARCHS[0].replace("none", "nor_conv_7x7"),
        ARCHS[0].replace("none~2", "none~1"),
        ARCHS[0].replace("|none~2|", "|none~2"),
        ARCHS[0].replace("|none~2|", "|"),
        ARCHS[0].replace("none~2", "none~2~2"),
    ],
)
def test_what_is_no_architecture(text: str) -> None:
    with pytest.raises(ValueError, match=r"an architecture must look like \|nor_conv_1x1~0\|"):
        read_arch(text)


@FORMS
def test_the_official_file(tmp_path: Path, zipped: bool) -> None:
    table = NASBench201(save(tmp_path / "x.pth", benchmark(), zipped))
    assert (table.name, table.dataset, table.epochs) == ("nasbench201-cifar10", "cifar10", 200)
    assert table.cells == pack_archs(ARCHS)
    assert table.cells.num_nodes == 8
    assert table.cells.op_names == (
        "input",
        "identity",
        "nor_conv_1x1",
        "nor_conv_3x3",
        "avg_pool_3x3",
        "output",
    )
    wanted = [accuracy_of(i, "cifar10", 777, "ori-test", 2) / 100 for i in range(5)]
    np.testing.assert_allclose(table.accuracy, wanted, rtol=1e-12)
    for arch in range(5):
        seeds = SEEDS["cifar10-valid"][: 1 + (arch + 1) % 3]
        runs = [accuracy_of(arch, "cifar10-valid", s, "x-valid", 2) / 100 for s in seeds]
        np.testing.assert_allclose(table.metrics["validation_accuracy"][arch], np.mean(runs))
        found = table.metrics["validation_accuracy_runs"][arch]
        np.testing.assert_allclose(found[: len(runs)], runs)
        assert np.isnan(found[len(runs) :]).all()
    assert table.macs is not None
    assert table.params is not None
    assert table.macs.tolist() == [15_500_000 + 1_000_000 * i for i in range(5)]
    assert table.params.tolist() == [250_000 + 1_000_000 * i for i in range(5)]
    assert table.metrics["seconds"].tolist() == [30 + 3 * i for i in range(5)]
    assert table.metrics["latency"].tolist() == [0.375] * 5


def test_other_data_sets_and_epochs(path: Path) -> None:
    table = NASBench201(path, "cifar100", epochs=12)
    seeds = SEEDS["cifar100"][:2]
    wanted = np.mean([accuracy_of(0, "cifar100", s, "x-test", 1) for s in seeds]) / 100
    np.testing.assert_allclose(table.accuracy[0], wanted)
    assert table.metrics["accuracy_runs"].shape == (5, 3)
    half = NASBench201(path, dataset="cifar10-valid")
    wanted = np.mean([accuracy_of(0, "cifar10-valid", s, "ori-test", 2) for s in seeds_of(0)]) / 100
    np.testing.assert_allclose(half.accuracy[0], wanted)
    with pytest.raises(
        ValueError, match=r"not trained there, but on cifar10-valid, cifar10, cifar"
    ):
        NASBench201(path, "ImageNet16-120")
    with pytest.raises(ValueError, match=r"dataset must be one of 'cifar10', .*, got 'imagenet'"):
        NASBench201(path, "imagenet")
    with pytest.raises(ValueError, match="epochs must be one of 12, 200, got 100"):
        NASBench201(path, epochs=100)


def seeds_of(arch: int) -> list[int]:
    return SEEDS["cifar10-valid"][: 1 + (arch + 1) % 3]


def test_isomorphic_rows_stay_and_the_first_is_found(path: Path) -> None:
    table = NASBench201(path)
    assert table.lookup(table.cells).tolist() == [0, 1, 2, 2, 4]
    assert table.accuracy[2] != table.accuracy[3]


def test_numbers_kept_as_tensors_or_of_numpy(tmp_path: Path) -> None:
    content = benchmark()
    one = content["arch2infos"][0]["full"]["all_results"]["cifar10", 777]
    one["eval_acc1es"]["ori-test@2"] = torch.tensor(12.5)
    one["flop"], one["params"] = np.float64(2.5), torch.tensor([0.5], dtype=torch.float64)
    one["latency"], one["train_times"] = None, None
    table = NASBench201(save(tmp_path / "x.pth", content))
    assert table.macs is not None
    assert table.params is not None
    assert (table.accuracy[0], table.macs[0], table.params[0]) == (0.125, 2_500_000, 500_000)
    assert np.isnan(table.metrics["latency"][0])
    assert np.isnan(table.metrics["seconds"][0])
    assert table(table.cells[0]).keys() == {
        "accuracy",
        "validation_accuracy",
        "train_accuracy",
    }


def at(content: dict[str, Any], *keys: Any) -> Any:
    for key in keys:
        content = content[key]
    return content


RESULT = ("arch2infos", 1, "full", "all_results", ("cifar10", 777))


@pytest.mark.parametrize(
    ("keys", "value", "reason"),
    [
        (("arch2infos", 1), None, r"architecture 1 \(str '\|none~0.*'\): it lacks 1"),
        (("arch2infos", 1, "full"), None, "architecture 1 .*: it lacks 'full'"),
        (("arch2infos", 1, "full", "arch_str"), ARCHS[0], "architecture 1 .*: its log is of str"),
        (RESULT, None, r"architecture 1 .*: it lacks \('cifar10', 777\)"),
        ((*RESULT, "eval_acc1es", "ori-test@2"), None, "architecture 1 .*: it lacks 'ori-test@2'"),
        (
            (*RESULT, "eval_acc1es", "ori-test@2"),
            101.0,
            r"must be in 0 \.\. 100 percent, got float",
        ),
        ((*RESULT, "eval_acc1es", "ori-test@2"), "x", "a number must stand there, got str 'x'"),
        ((*RESULT, "eval_acc1es", "ori-test@2"), float("nan"), "an accuracy must be in 0"),
        ((*RESULT, "flop"), float("inf"), "a cost must be a number of millions, got float inf"),
        ((*RESULT, "epochs"), [3], "architecture 1"),
        ((*RESULT, "latency"), 5, "architecture 1"),
        (("meta_archs",), [], "must hold the architectures and logs of NAS-Bench-201"),
        (("meta_archs", 1), 3, "must name architectures by strings, got int 3"),
        (("arch2infos",), None, "must hold the architectures and logs"),
    ],
)
def test_wrong_contents_are_named(
    tmp_path: Path, keys: tuple[Any, ...], value: Any, reason: str
) -> None:
    content = benchmark()
    content["meta_archs"] = list(ARCHS)
    place = at(content, *keys[:-1])
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    file = save(tmp_path / "x.pth", content)
    with pytest.raises(ValueError, match=reason) as error:
        NASBench201(file)
    assert str(file) in str(error.value)


def test_what_is_no_dictionary(tmp_path: Path) -> None:
    for content in ([1], 3, None):
        file = save(tmp_path / "x.pth", content)
        with pytest.raises(ValueError, match="must hold the architectures and logs"):
            NASBench201(file)
    with pytest.raises(FileNotFoundError):
        NASBench201(tmp_path / "missing.pth")


def test_saved_tables_are_read_again(path: Path, tmp_path: Path) -> None:
    table = NASBench201(path, "cifar100")
    saved = tmp_path / "saved.npz"
    table.save(saved)
    again = NASBench201(saved, "cifar100")
    assert again.fingerprint == table.fingerprint
    assert (again.dataset, again.epochs, again.name) == ("cifar100", 200, "nasbench201-cifar100")
    with pytest.raises(ValueError, match="must be a table of 'nasbench201-cifar10' with"):
        NASBench201(saved)
    with pytest.raises(ValueError, match=r"with \{'dataset': 'cifar100', 'epochs': 12\}, got one"):
        NASBench201(saved, "cifar100", epochs=12)
    CellTable(table.cells, table.metrics).save(saved)
    with pytest.raises(ValueError, match="got one of 'table' with"):
        NASBench201(saved, "cifar100")
    np.savez(saved, a=np.zeros(2))
    with pytest.raises(ValueError, match="must be a table that gemcore wrote, got an archive of a"):
        NASBench201(saved)


@FORMS
def test_damaged_files(tmp_path: Path, official: SimpleNamespace, zipped: bool) -> None:
    file = save(tmp_path / "x.pth", benchmark(), zipped)
    wanted = NASBench201(file).fingerprint
    for content in official.damage(file.read_bytes(), 60):
        file.write_bytes(content)
        table = official.read_or_refuse(NASBench201, file)
        if table is not None and zipped:
            assert table.fingerprint == wanted
        assert table is None or len(table) == 5
