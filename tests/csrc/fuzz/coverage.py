"""Line coverage of csrc/ after a run of a build with `g++ --coverage`: one table.

python tests/csrc/fuzz/coverage.py BUILD [--missed]

What is built once for each level counts once for each; of a line in a header any source may have
run it. With --missed the lines that nothing ran are listed too.
"""

import argparse
import json
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LEVELS = {
    f"gemcore_{level}": level
    for level in ("scalar", "avx2", "avx512_base", "avx512_vbmi", "avx512_vp2")
}
Lines = dict[int, bool]


def read_counts(build: Path) -> dict[tuple[str, str], Lines]:
    """Which lines ran, for each file of csrc/ and each level that it was built for."""
    ran: dict[tuple[str, str], Lines] = defaultdict(dict)
    for notes in sorted(build.rglob("*.gcno")):
        target = next((part for part in notes.parts if part.endswith(".dir")), "")
        level = LEVELS.get(target.removesuffix(".dir"), "any")
        command = ["gcov", "--json-format", "--stdout", str(notes)]
        found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=build)
        for file in json.loads(found.stdout)["files"]:
            path = (build / file["file"]).resolve()
            if not path.is_relative_to(ROOT / "csrc"):
                continue
            lines = ran[str(path.relative_to(ROOT)), level]
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, False) or line["count"] > 0
    return ran


def runs(numbers: list[int]) -> str:
    """1, 2, 3, 7 as "1-3, 7"."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(f"{a}-{b}" if a < b else f"{a}" for a, b in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, help="the build folder")
    parser.add_argument("--missed", action="store_true", help="list the lines that nothing ran")
    arguments = parser.parse_args()
    counts = read_counts(arguments.build.resolve())
    reached = {level for (_, level), lines in counts.items() if any(lines.values())}
    print("| file | level | lines | ran |\n|---|---|---|---|")
    total = covered = 0
    for (path, level), lines in sorted(counts.items()):
        if not lines or level not in reached:  # A level that this CPU has not.
            continue
        ran = sum(lines.values())
        total, covered = total + len(lines), covered + ran
        print(f"| `{path}` | {level} | {len(lines)} | {100 * ran / len(lines):.1f} % |")
        missed = sorted(number for number, has_run in lines.items() if not has_run)
        if arguments.missed and missed:
            print(f"|   not run: {runs(missed)} | | | |")
    print(f"| all | | {total} | {100 * covered / max(total, 1):.1f} % |")


if __name__ == "__main__":
    main()
