"""``gemcore search --config`` and ``--print-config``: settings in files."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from gemcore.cli import main
from gemcore.cli.parsing import parse
from gemcore.cli.search_command import SearchCommand
from gemcore.searching.config import SearchConfig
from gemcore.searching.search import suited_config
from gemcore.space import SearchSpace
from gemcore.tasks import load_task
from gemcore.tasks.registry import SUITED

Refuses = Callable[..., str]


def parsed(*words: str) -> SearchCommand:
    command = parse(["search", *words])
    assert isinstance(command, SearchCommand)
    return command


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["search", *words, "--print-config"]) == 0
    shown = capsys.readouterr()
    assert not shown.err
    return shown.out


FLAGS = [
    [],
    ["digits"],
    ["digits", "--cells-per-round", "None", "--seed", "9"],
    ["mnist", "--space.ops", "conv3x3", "identity", "--space.distribution", "edge_shrink"],
    ["cifar10", "--num-trials", "7", "--encoder.mixture.max-edits", "3", "--max-macs", "1000"],
    ["--data", "photos", "--images.image-size", "64", "--training.augment", "none"],
    ["--encoder.round-weights", "1", "2", "3", "4", "--mac-penalty", "0", "--no-prune"],
]


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_what_is_printed_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    path = tmp_path / "my.toml"
    path.write_text(printed(capsys, *flags))
    tasks = [word for word in flags[:1] if not word.startswith("-")]
    for task in ([], tasks, ["digits"]):
        again = parsed(*task, "--config", str(path))
        first = parsed(*flags)
        for name in ("settings", "space", "images", "seed"):
            assert getattr(again, name) == getattr(first, name)
    assert printed(capsys, f"--config={path}") == path.read_text()


def test_defaults_are_those_of_the_task() -> None:
    digits = parsed("digits")
    suited = suited_config(load_task("digits"))
    assert digits.settings.num_trials == suited.num_trials
    assert digits.settings.encoder == suited.encoder
    assert digits.settings.random_baseline
    assert digits.space == load_task("digits").space
    assert parsed("cifar10").settings == SearchConfig(**SUITED)
    assert parsed("mnist", "--data", "digits").space == SearchSpace.preset("small")
    other = parsed("--data", "digits", "--out", "digits")  # Names of folders, not of the task.
    assert other.settings == SearchConfig()
    assert other.space == SearchSpace.preset("small")


def test_flags_win_over_the_file_and_the_file_over_the_task(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text("seed = 4\n[config]\nnum_trials = 10\nmac_penalty = 0\n")
    command = parsed("digits", "--config", str(path), "--num-trials", "12")
    assert command.seed == 4
    assert command.settings.num_trials == 12
    assert repr(command.settings.mac_penalty) == "0.0"
    assert command.settings.encoder == suited_config(load_task("digits")).encoder
    path.write_text("[config.encoder]\nnum_steps = 3\n[space]\nnum_nodes = 4\n")
    command = parsed("digits", "--config", str(path), "--space.edge-prob", "0.5")
    assert (command.settings.encoder.num_steps, command.settings.num_trials) == (3, 48)
    assert command.space == SearchSpace(4, edge_prob=0.5)


def test_the_config_of_a_run_repeats_it(run_folder: Path) -> None:
    plain = tomllib.loads((run_folder / "config.toml").read_text())
    assert {"run_id", "gemcore", "task", "skeleton", "input_size", "num_classes"} <= set(plain)
    command = parsed("digits", "--config", str(run_folder / "config.toml"))
    want = SearchConfig(num_trials=3, embedding="adjacency", bootstrap_samples=50)
    assert command.settings == want  # Nothing of what suits digits, such as a baseline.
    assert command.space == SearchSpace.preset("small")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 1", "sed: unknown key, did you mean seed?"),
        ("[config]\nnum_trial = 1", "config.num_trial: unknown key, did you mean num_trials?"),
        ("[config.encoder]\nsteps = 1", "config.encoder.steps: unknown key, did you mean num_st"),
        ("[space]\nzzz = 1", "space.zzz: unknown key, known are num_nodes, ops, "),
        ('[config]\nnum_trials = "24"', "config.num_trials must be an integer, got str '24'"),
        ("[config]\nnum_trials = 2.5", "config.num_trials must be an integer, got float 2.5"),
        ("[config.num_trials]\na = 1", "config.num_trials must be an integer, got dict {'a': 1}"),
        ("[config]\nmac_penalty = true", "config.mac_penalty must be a number, got bool True"),
        ("[config]\nencoder = 3", "config.encoder must be a table of keys and values, got int 3"),
        ("config = 3", "config must be a table of keys and values, got int 3"),
        ("[config]\nnum_trials = 0", "config.num_trials must be >= 1, got 0"),
        ("[space]\nops = ['conv9']", "space: "),
        ("[space]\nops = 'conv1x1'", "space.ops must be a list, got str 'conv1x1'"),
        ("seed = -1", "seed must be in 0 .. 18446744073709551615, got -1"),
        ("seed = 'a'", "seed must be an integer, got str 'a'"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, refuses: Refuses, text: str, message: str) -> None:
    path, out = tmp_path / "my.toml", tmp_path / "run"
    for head in ("", 'gemcore = "0.1.0"\n'):
        path.write_text(head + text)
        said = refuses("search", "digits", "--config", str(path), "--out", str(out))
        assert said.startswith(f"gemcore: {path}: {message}")
    assert not out.exists()


def test_what_is_no_toml(tmp_path: Path, refuses: Refuses) -> None:
    path = tmp_path / "my.toml"
    path.write_text("seed = 1\nnum_trials = = 2\n")
    said = refuses("search", "digits", "--config", str(path))
    assert re.fullmatch(r"gemcore: \S+my\.toml must be a file in TOML: .*\(at line 2, .*\)", said)
    path.write_bytes(b"seed = '\xff'")
    assert "must be a file in TOML: 'utf-8' codec" in refuses("search", "--config", str(path))
    missing = str(tmp_path / "none.toml")
    assert refuses("search", "--config", missing) == (
        f"gemcore: --config must name a readable file: No such file or directory: {missing!r}"
    )
    assert "Is a directory" in refuses("search", f"--config={tmp_path}")
