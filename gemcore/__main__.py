"""``python -m gemcore``: the same as the command ``gemcore``."""

import sys

from gemcore.cli import main

if __name__ == "__main__":
    sys.exit(main())
