"""A process that evaluates cells for :class:`gemcore.trials.local.LocalRunner`.

Run as ``python -m gemcore.trials.worker FOLDER ANSWERS``. The first line of standard input is the
task and the settings in JSON, each further one a cell; a line written to the file descriptor
ANSWERS is one outcome. Standard output is not used, since anyone may print to it. The process
ends when its input does, also in the middle of a training: so it never outlives its parent.
"""

import json
import os
import queue
import shutil
import signal
import sys
import threading
from pathlib import Path

from gemcore.cell import Cell
from gemcore.trials.payload import read_task
from gemcore.trials.runner import evaluate_safely, proxy_evaluate
from gemcore.trials.settings import TrialSettings


def main(folder: Path, descriptor: int) -> None:
    """Answers until standard input ends."""
    # Ctrl-C is for the process that started this one; it decides what happens to us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_inheritable(descriptor, False)  # Or the parent would wait for a child of ours too.
    answers = os.fdopen(descriptor, "w", encoding="utf-8")
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(lines, folder), daemon=True).start()
    start = json.loads(lines.get())
    task = read_task(folder, start["task"])
    evaluate = proxy_evaluate(task, TrialSettings.from_dict(start["settings"]))
    while True:
        job = json.loads(lines.get())
        outcome = evaluate_safely(evaluate, Cell.from_json(json.dumps(job["cell"])), job["index"])
        answers.write(json.dumps(outcome.to_dict(), allow_nan=False) + "\n")
        answers.flush()


def _read_lines(lines: "queue.SimpleQueue[bytes]", folder: Path) -> None:
    # Not sys.stdin: Python aborts when it ends while a thread holds the lock of that buffer.
    with open(0, "rb", buffering=0, closefd=False) as stdin:
        for line in stdin:
            lines.put(line)
    # The other end is closed or dead. If dead, nobody else removes the data.
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
