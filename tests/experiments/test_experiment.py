"""The course of an experiment, with one that measures next to nothing."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tyro

from fig5_bias import BiasSettings
from harness.experiment import Experiment, Measured, Report, folder_of, main, run
from harness.figures import Curve, draw_curves
from harness.methods import PAPER_ENCODER
from harness.page import markdown_table
from harness.rows import Key, Row, RowFile
from harness.settings import Settings, changed_flags

measured: list[Key] = []  # By all experiments of this module, in order.
KILL_AT = {"count": 10**9}


@dataclass(frozen=True)
class SquareSettings(Settings):
    repeats: int = 3
    sizes: tuple[int, ...] = (1, 2)


def plan(settings: SquareSettings) -> list[Key]:
    return [(n, r) for n in settings.sizes[::-1] for r in range(settings.repeats)]


def measure(context: int, key: Key) -> Measured:
    if len(measured) >= KILL_AT["count"]:
        raise KeyboardInterrupt
    measured.append(key)
    n, repeat = key
    return Measured({"square": n * n + repeat / 8 + context}, {"fit": 0.5, "predict": 0.25})


def report(context: int, rows: list[Row]) -> Report:
    curve = Curve("square", [1, 2], [1, 4], [0, 0])
    figure = draw_curves([curve], x_label="n", y_label="square")
    text = f"All:\n\n{markdown_table(rows)}\n\n{{figure curve}}\n\nEnd."
    return Report(text, {"all": rows}, {"curve": figure})


def open_context(settings: SquareSettings) -> int:
    return 100


def facts(context: int) -> dict[str, Any]:
    return {"table": context}


SQUARES = Experiment(
    name="squares",
    settings=SquareSettings,
    keys=("n", "repeat"),
    open_context=open_context,
    facts=facts,
    plan=plan,
    measure=measure,
    report=report,
)


@pytest.fixture
def settings(tmp_path: Path) -> SquareSettings:
    measured.clear()
    KILL_AT["count"] = 10**9
    return SquareSettings(out=tmp_path / "results", docs=None)


def test_a_killed_run_goes_on_where_it_was(settings: SquareSettings) -> None:
    KILL_AT["count"] = 4
    with pytest.raises(KeyboardInterrupt):
        run(SQUARES, settings)
    KILL_AT["count"] = 10**9
    run(SQUARES, settings)
    assert measured == plan(settings)  # Each once.
    run(SQUARES, settings)
    assert measured == plan(settings)
    rows = RowFile(folder_of("squares", settings) / "rows.csv", ["n", "repeat"]).rows
    assert [(row["n"], row["repeat"]) for row in rows] == sorted(plan(settings))
    assert rows[0]["square"] == 101.0
    assert rows[0]["seconds"] == 0.75


def test_more_repeats_are_added_and_fewer_shown(settings: SquareSettings) -> None:
    run(SQUARES, settings)
    more = dataclasses.replace(settings, repeats=5)
    assert len(run(SQUARES, more).tables["all"]) == 10
    assert len(measured) == 10
    fewer = run(SQUARES, dataclasses.replace(settings, repeats=1, sizes=(2,)))
    assert [row["square"] for row in fewer.tables["all"]] == [104.0]


@pytest.mark.slow
def test_processes_give_the_same_file(settings: SquareSettings) -> None:
    run(SQUARES, settings)
    other = dataclasses.replace(settings, out=settings.out / "other", jobs=2)
    run(SQUARES, other)
    files = [folder_of("squares", s) / "rows.csv" for s in (settings, other)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_rows_of_another_seed_or_table_do_not_mix(settings: SquareSettings) -> None:
    run(SQUARES, settings)
    with pytest.raises(ValueError, match="holds rows with seed = 0, got 1: give another --out"):
        run(SQUARES, dataclasses.replace(settings, seed=1))
    other = dataclasses.replace(SQUARES, open_context=lambda settings: 7)
    with pytest.raises(ValueError, match="holds rows with table = 100, got 7"):
        run(other, settings)


def test_the_quick_form_begins_afresh_and_leaves_the_page(settings: SquareSettings) -> None:
    page = settings.out.with_name("page.md")
    page.write_text("<!-- squares -->\nold\n<!-- /squares -->\n")
    quick = dataclasses.replace(settings.quickened(), quick=True, docs=page)
    run(SQUARES, quick)
    run(SQUARES, quick)
    assert len(measured) == 2 * 2 * 2
    assert "old" in page.read_text()
    assert not (settings.out / "squares").exists()


def test_the_page_gets_command_machine_table_and_figure(
    settings: SquareSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = settings.out.with_name("page.md")
    page.write_text("before\n<!-- squares -->\nold\n<!-- /squares -->\nafter\n")
    monkeypatch.setattr("sys.argv", ["somewhere/squares.py", "--sizes", "1", "2", "3"])
    run(SQUARES, dataclasses.replace(settings, sizes=(1, 2, 3), docs=page))
    text = page.read_text()
    assert text.startswith("before\n<!-- squares -->\n")
    assert text.endswith("<!-- /squares -->\nafter\n")
    assert "Measured by `python experiments/squares.py --sizes 1 2 3` on 2" in text
    assert "1 process of one thread" in text
    assert "| 3 | 2 | 109.2500 |" in text
    assert "![curve](images/experiments/curve.svg)" in text
    assert (page.parent / "images" / "experiments" / "curve.svg").exists()
    assert str(settings.out.parent) not in text


def test_the_command_names_what_is_not_as_usual() -> None:
    settings = BiasSettings(
        table=Path("/data/nb101.npz"),
        out=Path("/tmp"),
        encoder=dataclasses.replace(PAPER_ENCODER, num_steps=30, hidden_dims=(8, 8)),
        oracle=False,
    )
    words = "--table nb101.npz --encoder.hidden-dims 8 8 --encoder.num-steps 30 --no-oracle"
    assert changed_flags(settings) == words.split()
    assert tyro.cli(BiasSettings, args=words.split()) == dataclasses.replace(
        settings, table=Path("nb101.npz"), out=Path("results")
    )
    assert changed_flags(BiasSettings()) == []


def test_wrong_usage_ends_with_a_line(
    settings: SquareSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["squares.py", "--out", str(settings.out), "--docs", "None"]
    monkeypatch.setattr("sys.argv", words)
    main(SQUARES, "Squares.")
    assert "{figure" not in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", [*words, "--seed", "3"])
    with pytest.raises(SystemExit, match=r"squares: .* holds rows with seed"):
        main(SQUARES, "Squares.")
