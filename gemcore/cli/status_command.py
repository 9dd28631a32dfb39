"""``gemcore status``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import tyro
from tyro.conf import Positional

from gemcore.searching.status import read_status


@dataclass(frozen=True)
class StatusCommand:
    """Tell how far a search is: phase, trials, the best so far, failures, time left.

    The search may be running, in another terminal or on another machine that shares the folder.
    """

    out: Annotated[Positional[Path], tyro.conf.arg(metavar="OUT")]
    """Folder of the run, as given to gemcore search --out."""

    kept: ClassVar[str] = ""

    def run(self) -> str:
        """The status in a few lines."""
        return read_status(self.out).describe()
