"""``gemcore version``."""

from dataclasses import dataclass
from typing import ClassVar

from gemcore.report.versions import describe_build


@dataclass(frozen=True)
class VersionCommand:
    """Print the version, how the native code was built, and what it runs on."""

    kept: ClassVar[str] = ""

    def run(self) -> str:
        """The versions, a line each."""
        return describe_build()
