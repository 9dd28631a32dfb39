"""``gemcore search``: exit statuses, and what a run leaves behind."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from PIL import Image

from gemcore.cli import main
from gemcore.cli.parsing import parse
from gemcore.cli.search_command import SearchCommand, TaskName
from gemcore.searching.result import SearchResult
from gemcore.searching.status import read_status
from gemcore.tables.registry import TABLES
from gemcore.tasks import task_names
from gemcore.tasks.image_config import ImageConfig

Refuses = Callable[..., str]

QUICK = [
    "--num-trials=2",
    "--num-initial=1",
    "--embedding=adjacency",
    "--bootstrap-samples=100",
    "--num-workers=1",
    "--training.epochs=1",
    "--training.final-epochs=1",
    "--no-random-baseline",
]


def test_search_prints_the_summary_and_fills_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    words = ["search", "digits", "--out", str(out), "--seed", "3", "--quiet", *QUICK]
    assert main([*words, "--space.num-nodes", "5", "--metric", "macro_f1"]) == 0
    printed = capsys.readouterr()
    result = SearchResult.load(out)
    assert printed.out == f"{result.summary()}\n\nWritten to {out}\n"
    assert not printed.err
    assert result.setting.seed == 3
    assert result.setting.space.num_nodes == 5
    assert result.setting.config.num_trials == 2
    assert result.setting.config.metric == "macro_f1"
    for name in ("config.toml", "result.json", "model.safetensors", "cell.png", "cell.svg"):
        assert (out / name).exists()
    # The same command again finds all done, and another one in the same folder is refused.
    assert main([*words, "--space.num-nodes", "5", "--metric", "macro_f1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == printed.out.splitlines()[0]
    assert main([*words, "--space.num-nodes", "6"]) == 1
    assert "\n  space.num_nodes: 5 -> 6\n" in capsys.readouterr().err


def test_without_quiet_progress_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["search", "digits", "--out", str(tmp_path / "run"), *QUICK]) == 0
    printed = capsys.readouterr()
    assert "Estimate: " in printed.err
    assert "candidates" in printed.err
    assert printed.out.startswith("Search of 'digits'")


def test_a_failure_is_one_line_and_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["search", "digits", "--out", str(tmp_path / "run"), "--max-macs", "1"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.startswith("gemcore: max_macs must be met by a cell")
    assert said.count("\n") == 1
    (tmp_path / "cell.png").write_text("mine")
    assert main(["search", "digits", "--out", str(tmp_path), *QUICK]) == 1
    assert "out must be a new folder" in capsys.readouterr().err
    nothing = str(tmp_path / "nothing")
    assert main(["search", "--data", nothing, "--out", str(tmp_path / "run")]) == 1
    assert nothing in capsys.readouterr().err


def test_wrong_usage_is_status_2(tmp_path: Path, refuses: Refuses) -> None:
    out = tmp_path / "run"
    digits = ["search", "digits", "--out", str(out)]
    assert refuses("search", "--out", str(out)) == (
        "gemcore: name a TASK to search on, or give the folder of your images by --data"
    )
    assert refuses(*digits, "--data", str(tmp_path)) == (
        "gemcore: --data must not be given for digits, whose images are bundled"
    )
    assert refuses("search", "mnist", "--out", str(out)) == (
        "gemcore: --data must be given for mnist: the folder with "
        "train-images-idx3-ubyte and so on, .gz or not"
    )
    assert refuses(*digits, "--test-data", str(tmp_path)) == (
        "gemcore: --test-data goes with images of your own in --data, without a TASK"
    )
    assert refuses("search", "digits") == "gemcore: --out must be given: the folder of the run"
    assert refuses(*digits, "--num-trials", "0") == "gemcore: num_trials must be >= 1, got 0"
    assert "seed must be in 0 .. " in refuses(*digits, "--seed", "-1")
    assert refuses(*digits, "--training.epochs", "0") == "gemcore: epochs must be >= 1, got 0"
    assert refuses(*digits, "--space.num-nodes", "0").startswith("gemcore: num_nodes must be in 1")
    assert "conv9" in refuses(*digits, "--space.ops", "conv9")
    assert "invalid choice 'gnn'" in refuses(*digits, "--predictor", "gnn")
    assert "invalid choice 'imagenet'" in refuses("search", "imagenet", "--out", str(out))
    said = refuses(*digits, "--num-trils", "9")
    assert "Unrecognized options: --num-trils" in said
    assert "Perhaps you meant: --num-trials" in said
    assert not out.exists()


def test_the_known_tasks_are_offered() -> None:
    assert get_args(TaskName) == (*task_names(), *TABLES)


def test_a_folder_of_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for part, number in (("photos", 12), ("more", 4)):
        for brightness, name in enumerate(("dark", "light")):
            (tmp_path / part / name).mkdir(parents=True)
            for i in range(number):
                picture = Image.new("RGB", (20 + i, 17), (100 * brightness + i,) * 3)
                picture.save(tmp_path / part / name / f"{i}.png")
    photos, out = str(tmp_path / "photos"), tmp_path / "run"
    words = ["search", "--data", photos, "--quiet", *QUICK, "--images.image-size", "8"]
    assert main([*words, "--out", str(out), "--test-data", str(tmp_path / "more")]) == 0
    shown = capsys.readouterr().out
    assert "Search of 'photos'" in shown
    assert "2 trials" in shown
    result = SearchResult.load(out)
    assert result.setting.input_size == (3, 8, 8)
    assert result.setting.task.class_names == ("dark", "light")
    assert result.predict([tmp_path / "more" / "dark" / "0.png"]).labels[0] in ("dark", "light")
    again = parse(["search", "--data", photos, "--config", str(out / "config.toml")])
    assert isinstance(again, SearchCommand)
    assert again.images == ImageConfig(image_size=8) == result.setting.images


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_ctrl_c_is_status_130_and_keeps_the_trials(tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = ["search", "digits", "--out", str(out), *QUICK, "--num-trials=500"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gemcore", *words],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,  # A source tree's own folder has no native module.
    )
    assert process.stderr is not None
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None and num_trials(out) < 2:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)  # tests/searching/test_interrupts.py has times.
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Interrupted; what was learned so far is saved." in said
    kept = SearchResult.load(out)
    assert kept.status == "interrupted"
    assert len(kept.trials) >= 2


def num_trials(out: Path) -> int:
    try:
        return len(read_status(out).trials)
    except FileNotFoundError:  # It has not begun.
        return 0


def test_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str], refuses: Refuses) -> None:
    file, out = tmp_path / "mine.csv", tmp_path / "run"
    rows = [f'010001000,"input,{op},output",{accuracy}' for op, accuracy in (("a", 0.5), ("b", 1))]
    file.write_text("\n".join(["adjacency,ops,accuracy", *rows]) + "\n")
    words = ["search", "table", "--data", str(file), "--predictor", "constant", "--quiet"]
    assert main([*words, "--out", str(out)]) == 0
    assert "Search of 'mine'" in capsys.readouterr().out
    result = SearchResult.load(out)
    assert result.setting.config.random_baseline
    assert result.setting.config.mac_penalty == 0
    assert result.best is not None
    assert result.best.cell.ops == ("input", "b", "output")
    again = ["--config", str(out / "config.toml"), "--out", str(tmp_path / "again")]
    assert main(["search", "table", "--data", str(file), *again, "--quiet"]) == 0
    assert SearchResult.load(tmp_path / "again").setting == result.setting
    capsys.readouterr()
    assert main([*words, "--print-config"]) == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert printed.keys() == {"gemcore", "seed", "config"}
    assert refuses("search", "nasbench101", "--out", "x") == (
        "gemcore: --data must be given for nasbench101: nasbench_only108.tfrecord or an .npz"
    )
    assert refuses("search", "synthetic", "--data", "y", "--out", "x") == (
        "gemcore: --data must not be given for synthetic, which has no file"
    )
    said = "gemcore: --space and --images don't go with table: the cells of the table are searched"
    assert refuses(*words, "--space.num-nodes", "4", "--out", "x") == said
    assert refuses(*words, "--images.image-size", "9", "--out", "x") == said
