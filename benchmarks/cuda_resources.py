"""Registers, spills and shared memory of each CUDA kernel, as the assembler reports them.

Needs CUDA's compiler, and no GPU. Prints the table of docs/benchmarks.md.
"""

import re
import subprocess
import tempfile
from pathlib import Path

ARCHITECTURES = (80, 90)
SOURCES = Path(__file__).parents[1] / "csrc"
FLAGS = ("-std=c++17", "-O3", "--expt-relaxed-constexpr", "-Xptxas", "-v", "-c")
SPILL = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")
USED = re.compile(r"Used (\d+) registers(?:.*?(\d+) bytes smem)?")


def main() -> None:
    """Compiles all .cu files for each architecture and prints a row a kernel."""
    reports = [report(architecture) for architecture in ARCHITECTURES]
    columns = [f"sm_{a}: registers | stack | spilled" for a in ARCHITECTURES]
    print("| kernel | shared memory |", " | ".join(columns), "|")
    print("|---|---|" + "---|---|---|" * len(ARCHITECTURES))
    for kernel in sorted(reports[0]):
        cells = [" | ".join(str(n) for n in numbers[kernel][:3]) for numbers in reports]
        print(f"| `{kernel}` | {reports[0][kernel][3]} |", " | ".join(cells), "|")


def report(architecture: int) -> dict[str, tuple[int, int, int, int]]:
    """Registers, stack, spilled bytes and shared memory by kernel."""
    numbers = {}
    for source in sorted(SOURCES.rglob("*.cu")):
        text = compile_for(architecture, source)
        for entry in text.split("ptxas info    : Compiling entry function ")[1:]:
            name = entry.split("'")[1]
            spill, used = SPILL.search(entry), USED.search(entry)
            assert spill is not None
            assert used is not None
            stack, stored, loaded = (int(group) for group in spill.groups())
            registers, shared = (int(group or 0) for group in used.groups())
            numbers[readable(name)] = registers, stack, stored + loaded, shared
    return numbers


def compile_for(architecture: int, source: Path) -> str:
    """What the assembler says."""
    with tempfile.NamedTemporaryFile(suffix=".o") as out:
        target = f"-arch=sm_{architecture}"
        command = ["nvcc", *FLAGS, target, f"-I{SOURCES}", str(source), "-o", out.name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout + done.stderr


def readable(name: str) -> str:
    """The kernel's name and template arguments."""
    done = subprocess.run(["c++filt", name], check=True, capture_output=True, text=True)
    text = done.stdout.strip().removeprefix("void ").replace("gemcore::cuda::", "")
    return re.sub(r"\(.*\)$", "", text).replace("(int)", "")


if __name__ == "__main__":
    main()
