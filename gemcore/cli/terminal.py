"""What the command line says, where, and what it ends with."""

import os
import sys
from typing import NoReturn

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130


def say(text: str) -> None:
    """Prints to standard output, as far as somebody reads it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever read has read enough, as in `gemcore show run | head -1`. What is left in the
        # buffer must go somewhere when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def refuse(message: str) -> NoReturn:
    """Ends the process as wrongly used, with a line on standard error that says why."""
    print(f"gemcore: {message}", file=sys.stderr)
    raise SystemExit(WRONG_USAGE)
