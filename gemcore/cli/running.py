"""Runs a command line: what it prints, and what it ends with."""

import logging
import sys
from collections.abc import Sequence

from gemcore.cli.parsing import parse
from gemcore.cli.terminal import DONE, FAILED, INTERRUPTED, say


def main(args: Sequence[str] | None = None) -> int:
    """Runs a command line and returns its exit status.

    Args:
        args: Words after ``gemcore``; default: those of the process.

    Returns:
        0 done, 1 failed, 130 interrupted. Wrong usage raises ``SystemExit(2)``.
    """
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        command = parse(list(sys.argv[1:] if args is None else args))
        try:
            text = command.run()
        except KeyboardInterrupt:
            print(f"Interrupted{command.kept}.", file=sys.stderr)
            return INTERRUPTED
        say(text)
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ValueError, TypeError, IndexError, RuntimeError, OSError) as error:
        logging.getLogger("gemcore").debug("where it failed", exc_info=True)
        print(f"gemcore: {_reason(error)}", file=sys.stderr)
        return FAILED
    return DONE


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return f"{error.strerror}: {str(error.filename)!r}"
    return str(error)
