"""What the benchmarks share: contestants that take turns, one table, a file of JSON."""

import json
import platform
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import getpid
from pathlib import Path
from typing import Any

import numpy as np

from gemcore import simd_levels


@dataclass(eq=False)
class Row:
    """One contestant: a call that computes ``num_values`` values, or why it can't be made.

    Attributes:
        written: Bytes of results a value, where writing them is the limit.
        seconds: CPU time a value of every round so far.
    """

    task: str
    name: str
    direction: str
    num_values: int = 1
    run: Callable[[], Any] | None = None
    written: int = 0
    note: str = ""
    seconds: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        return min(self.seconds, default=float("nan"))

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) if self.seconds else float("nan")


def measure(rows: Sequence[Row], num_rounds: int) -> None:
    """Lets the contestants take turns, so that they share the machine's mood; CPU time."""
    for _ in range(num_rounds):
        for row in rows:
            if row.run is not None:
                row.seconds.append(cpu_seconds(row.run) / row.num_values)


def cpu_seconds(run: Callable[[], Any]) -> float:
    """CPU time of one call, of all threads of this process."""
    begin = time.process_time()
    run()
    return time.process_time() - begin


def wall_seconds(run: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def write_bandwidth() -> float:
    """Bytes a second that one core writes to memory that was touched before, beyond all caches."""
    buffer = np.ones(1 << 25)
    return buffer.nbytes / min(cpu_seconds(lambda: buffer.fill(0.0)) for _ in range(5))


def instructions(run: Callable[[], Any], event: str = "instructions:u") -> int | None:
    """Instructions of one call by Linux's perf; None where that, or the counter, is missing."""
    if shutil.which("perf") is None:
        return None
    command = ["perf", "stat", "-x", ",", "-e", event, "-p", str(getpid())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as counter:
        time.sleep(0.5)  # Until it counts.
        run()
        counter.send_signal(signal.SIGINT)
        _, text = counter.communicate()
    count = text.strip().split(",")[0]
    return int(float(count)) if count.replace(".", "", 1).isdigit() else None


def ratio(row: Row, rival: str, rows: Sequence[Row]) -> float | None:
    """How many times as fast as a rival, in the same direction where the rival has it."""
    rivals = [r for r in rows if r.task == row.task and r.name == rival and r.seconds]
    same = [r for r in rivals if r.direction == row.direction] or rivals
    return same[0].best / row.best if same and row.seconds else None


def results(rows: Sequence[Row], rivals: Sequence[str], bandwidth: float) -> list[dict[str, Any]]:
    """A dictionary for every row, as it is written to JSON."""
    return [
        {
            "task": row.task,
            "direction": row.direction,
            "by": row.name,
            "us_min": row.best * 1e6 if row.seconds else None,
            "us_median": row.median * 1e6 if row.seconds else None,
            "per_second": 1 / row.best if row.seconds else None,
            **{f"times_{rival}": ratio(row, rival, rows) for rival in rivals},
            "percent_of_limit": 100 * row.written / row.best / bandwidth if row.written else None,
            "note": row.note,
        }
        for row in rows
    ]


def print_table(found: Sequence[dict[str, Any]]) -> None:
    """The results as a table in Markdown."""
    keys = list(found[0])
    heads = [key.replace("times_", "x ").replace("_", " ") for key in keys]
    print("| " + " | ".join(heads) + " |")
    print("|" + "---|" * len(keys))
    for row in found:
        print("| " + " | ".join(_cell(row[key]) for key in keys) + " |")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return str(value)


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    cpu = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((x.partition(": ")[2] for x in lines if x.startswith("model name")), cpu)
    git = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True).stdout.strip()
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    return {"cpu": cpu, "simd_levels": simd_levels(), "commit": commit, **versions}


def write_json(path: Path, **content: Any) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n")
