from pathlib import Path

import pytest

from harness.rows import Row, RowFile, matching, write_rows


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows: list[Row] = [
        {"method": "a, b", "n": 20, "tau": 0.1 + 0.2},
        {"method": 'the "best"', "n": 20, "tau": float("nan")},
    ]
    file = RowFile(tmp_path / "deep" / "rows.csv", ["method", "n"])
    for row in rows:
        file.append(row)
    again = RowFile(file.path, ["method", "n"])
    assert str(again.rows) == str(rows)  # NaN is unequal to itself.
    assert ("a, b", 20) in again
    assert ("a, b", 21) not in again


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_row_that_a_kill_cut_off_is_measured_again(tmp_path: Path, cut: int) -> None:
    file = RowFile(tmp_path / "rows.csv", ["n"])
    file.append({"n": 1, "tau": 0.25})
    file.append({"n": 2, "tau": 0.125})
    file.path.write_bytes(file.path.read_bytes()[: -min(cut, 8)])
    again = RowFile(file.path, ["n"])
    assert again.rows == [{"n": 1, "tau": 0.25}]
    again.append({"n": 2, "tau": 0.125})
    assert RowFile(file.path, ["n"]).rows == file.rows


def test_a_header_that_a_kill_cut_off_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("n,ta")
    file = RowFile(path, ["n"])
    assert file.rows == []
    file.append({"n": 1, "tau": 0.5})
    assert RowFile(path, ["n"]).rows == [{"n": 1, "tau": 0.5}]


def test_a_commit_is_text_though_it_looks_like_a_number(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "rows.csv", ["n"])
    file.append({"n": 1, "commit": "1747e38"})
    assert RowFile(file.path, ["n"]).rows == [{"n": 1, "commit": "1747e38"}]


def test_rows_are_sorted_in_an_order_that_may_name_missing_ones(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "rows.csv", ["n"])
    for n in (3, 1, 7, 2):
        file.append({"n": n, "tau": n / 8})
    file.sort((n,) for n in (1, 2, 3, 4))
    assert [row["n"] for row in RowFile(file.path, ["n"]).rows] == [1, 2, 3, 7]


def test_matching_rows_keep_their_order() -> None:
    rows: list[Row] = [{"n": 1, "m": "a"}, {"n": 2, "m": "a"}, {"n": 1, "m": "b"}]
    assert matching(rows, {"n": 1}) == [rows[0], rows[2]]


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    file = RowFile(tmp_path / "rows.csv", ["n"])
    file.append({"n": 1, "tau": 0.5})
    with pytest.raises(ValueError, match=r"row must have the columns \['n', 'tau'\], got \['n'\]"):
        file.append({"n": 2})
    with pytest.raises(ValueError, match=r"rows.csv must have the columns \('split',\), got"):
        RowFile(file.path, ["split"])
    with pytest.raises(ValueError, match="rows must hold at least one row"):
        write_rows(tmp_path / "empty.csv", [])
