"""``--help`` of each command: complete, and at most 80 columns wide."""

import dataclasses
from typing import Any

import pytest

from gemcore.cli import main
from gemcore.cli.help_text import field_docs, wrap_page
from gemcore.cli.parsing import COMMANDS
from gemcore.encoder import EncoderConfig
from gemcore.pair_mixture import PairMixture
from gemcore.searching.config import SearchConfig
from gemcore.space import SearchSpace
from gemcore.tasks import TrainingConfig
from gemcore.tasks.image_config import ImageConfig

CONFIGS: list[type[Any]] = [
    SearchConfig,
    EncoderConfig,
    PairMixture,
    TrainingConfig,
    SearchSpace,
    ImageConfig,
]


def help_of(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as error:
        main([*words, "--help"])
    assert error.value.code == 0
    shown = capsys.readouterr()
    assert not shown.err
    return shown.out


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_pages_keep_to_80_columns(capsys: pytest.CaptureFixture[str], name: str | None) -> None:
    page = help_of(capsys, *[] if name is None else [name])
    assert max(len(line) for line in page.splitlines()) <= 80
    assert "\n\n\n" not in page
    assert "``" not in page
    assert "{None}" not in page


def test_the_first_page_names_the_commands_and_exit_statuses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = help_of(capsys)
    for name in COMMANDS:
        assert f"• {name} " in page
    assert "0 done, 1 failed, 2 wrong usage, 130 interrupted" in page


@pytest.mark.parametrize("kind", [*CONFIGS, *COMMANDS.values()])
def test_every_field_is_described(kind: type[Any]) -> None:
    docs = field_docs(kind)
    for item in dataclasses.fields(kind):
        assert docs[item.name].endswith((".", ")"))


def test_every_setting_is_on_the_page_of_search(capsys: pytest.CaptureFixture[str]) -> None:
    page = help_of(capsys, "search", "digits")
    assert "[TASK]" in page
    assert "--config.num-trials" not in page
    prefixes = ("", "encoder.", "encoder.mixture.", "training.", "space.", "images.")
    kinds = (SearchConfig, EncoderConfig, PairMixture, TrainingConfig, SearchSpace, ImageConfig)
    flat = " ".join(page.split())
    for prefix, kind in zip(prefixes, kinds, strict=True):
        for name, text in field_docs(kind).items():
            if not dataclasses.is_dataclass(getattr(kind(), name)):
                assert f"--{prefix}{name.replace('_', '-')}" in page
            assert text in flat


def test_defaults_are_those_of_the_named_task(capsys: pytest.CaptureFixture[str]) -> None:
    for words, number in ((["digits"], 48), ([], 96), (["digits", "--num-trials", "7"], 48)):
        flat = " ".join(help_of(capsys, "search", *words).split())
        assert f"cells given as known don't count. (default: {number})" in flat


def test_types_are_told_plainly() -> None:
    assert wrap_page("--a {None}|INT   What.") == "--a INT|None     What."
    assert wrap_page("  --w {None}|{[FLOAT [FLOAT ...]]}   ") == "  --w FLOAT ...|None"
    assert wrap_page("word " * 20).splitlines() == ["word " * 15 + "word", "word word word word"]
