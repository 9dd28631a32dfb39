"""gemcore.learned_cache: what was learned once is there the next time, whatever happens."""

import logging
import threading
from pathlib import Path

import pytest

from gemcore.atomic_files import read_document, write_document
from gemcore.learned_cache import cache_folder, entry_folder, remembered


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GEMCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Lesson:
    """Something to learn that counts how often it was learned."""

    def __init__(self) -> None:
        self.times = 0

    def learn(self) -> int:
        self.times += 1
        return 7

    def get(self, facts: dict[str, int]) -> int:
        return remembered("lesson", facts, learn=self.learn, save=save, load=load)


def save(value: int, folder: Path) -> None:
    write_document(folder / "value.json", {"value": value}, kind="lesson", version=1)


def load(folder: Path) -> int:
    return int(read_document(folder / "value.json", kind="lesson", version=1)["value"])


def test_learns_once_for_each_set_of_facts(cache: Path) -> None:
    lesson = Lesson()
    assert [lesson.get({"seed": 0}) for _ in range(3)] == [7, 7, 7]
    assert lesson.times == 1
    lesson.get({"seed": 1})
    assert lesson.times == 2
    assert sorted(path.name for path in cache.iterdir()) == sorted(
        entry_folder("lesson", {"seed": seed}).name for seed in (0, 1)
    )


def test_a_damaged_entry_is_learned_again(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    lesson = Lesson()
    lesson.get({})
    (entry_folder("lesson", {}) / "value.json").write_text("{")
    with caplog.at_level(logging.WARNING, logger="gemcore"):
        assert lesson.get({}) == 7
    assert "is of no use and learned anew" in caplog.text
    assert lesson.times == 2
    assert lesson.get({}) == 7
    assert lesson.times == 2
    assert len(list(cache.iterdir())) == 1


def test_what_cannot_be_kept_is_given_all_the_same(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING, logger="gemcore"):
        assert Lesson().get({}) == 7
    assert "can't be kept" in caplog.text


def test_a_failure_leaves_nothing(cache: Path) -> None:
    def fail() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remembered("lesson", {}, learn=fail, save=save, load=load)
    assert not cache.exists()


def test_those_who_learn_at_once_do_not_disturb_each_other(cache: Path) -> None:
    together = threading.Barrier(4)
    found = []

    def learn() -> int:
        together.wait(timeout=30)
        return 7

    def work() -> None:
        found.append(remembered("lesson", {}, learn=learn, save=save, load=load))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 4
    assert [path.name for path in cache.iterdir()] == [entry_folder("lesson", {}).name]
    assert load(entry_folder("lesson", {})) == 7


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMCORE_CACHE", "~/mine")
    assert cache_folder() == Path.home() / "mine"
    monkeypatch.delenv("GEMCORE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/there")
    assert cache_folder() == Path("/there/gemcore")
    for nothing in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", nothing)
        assert cache_folder() == Path.home() / ".cache" / "gemcore"
