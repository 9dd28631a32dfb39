"""What a number was measured on."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from harness.settings import ROOT


def current_commit() -> str:
    """The commit of the source tree, with a + if code was changed since; empty without git."""
    commit = _git("rev-parse", "--short", "HEAD")
    code = ("--", ".", ":!docs")  # The page is rewritten by every experiment.
    changed = commit and _git("status", "--porcelain", "--untracked-files=no", *code)
    return f"{commit}+" if changed else commit


def describe_machine(num_processes: int) -> str:
    """Processor, processes and versions, as a sentence without its full stop."""
    cpu = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        lines = facts.read_text().splitlines()
        cpu = next((x.partition(": ")[2] for x in lines if x.startswith("model name")), cpu)
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "numpy", "scikit-learn"))
    processes = f"{num_processes} process{'es' * (num_processes > 1)} of one thread"
    return f"{cpu}, {processes}, Python {platform.python_version()}, {packages}"


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()
