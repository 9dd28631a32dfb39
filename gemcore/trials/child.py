"""One child process that evaluates cells, seen from its parent."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

COMMAND = ("-P", "-m", "gemcore.trials.worker")  # -P: files in the working folder shadow nothing.
PATIENCE = 5.0  # Seconds for a child to end by itself when its pipe has closed.


class Child:
    """Starts a worker and talks to it in lines of JSON.

    Args:
        folder: Where the task's arrays lie and where goes what the worker prints.
        start: Task and settings, the first line that the worker reads.
        threads: CPU threads of the worker.
    """

    def __init__(self, folder: Path, start: Mapping[str, Any], threads: int) -> None:
        self.said = folder / f"said-{len(list(folder.glob('said-*')))}.txt"
        number = str(threads)
        # The worker finds gemcore where this process found it, whatever it did to sys.path.
        path = os.pathsep.join(entry for entry in sys.path if entry)
        environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": number}
        reading, writing = os.pipe()
        self.answers = os.fdopen(reading, "rb")  # Readable too when the worker has died.
        with open(writing, "wb"), open(self.said, "wb") as said:
            # In a session of its own, so that a terminal's Ctrl-C reaches the parent alone.
            self.process = subprocess.Popen(
                [sys.executable, *COMMAND, str(folder), str(writing)],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                env=environment,
                pass_fds=(writing,),
                start_new_session=True,
            )
        self.send(start)

    def send(self, message: Mapping[str, Any]) -> None:
        """Sends a line; a worker that died is noticed by :meth:`receive`."""
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def receive(self) -> dict[str, Any] | None:
        """The next answer; None if the worker died before it was complete."""
        line = self.answers.readline()
        if not line.endswith(b"\n"):
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def cause_of_death(self) -> str:
        """Signal or exit status of a worker that died, with the last it said."""
        status = self.process.wait()
        if status < 0:
            # The kernel ends a process by SIGKILL when memory runs out.
            cause = ", perhaps for lack of memory" if -status == signal.SIGKILL else ""
            return f"process died (signal {-status}){cause}"
        lines = self.said.read_text(errors="replace").split("\n") if self.said.exists() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return f"process ended with status {status}: {last}"

    def kill(self) -> None:
        """Ends the worker at once, whatever it does."""
        self.process.kill()
        self._free()

    def close(self) -> None:
        """Lets the worker end by itself, which it does as soon as its input is closed."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
            self.process.wait(PATIENCE)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
        self._free()

    def _free(self) -> None:
        self.process.wait()
        self.answers.close()
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # It held a line that the worker didn't live to read.
            self.process.stdin.close()
