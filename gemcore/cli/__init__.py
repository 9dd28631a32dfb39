"""The command line: ``gemcore search``, ``pairs``, ``encode``, ``show``, ``status``, ..."""

from gemcore.cli.running import main

__all__ = ["main"]
