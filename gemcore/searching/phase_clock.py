"""How long each phase of a search took."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class PhaseClock:
    """Sums up wall-clock seconds by phase.

    Args:
        seconds: What phases took before, where a run goes on.

    Example:
        >>> clock = PhaseClock()
        >>> with clock.phase("fit"):
        ...     pass
        >>> list(clock.seconds)
        ['fit']
    """

    def __init__(self, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds = dict(seconds or {})
        self._start = time.perf_counter() - sum(self.seconds.values())

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the time within to a phase, also when it ends with an exception."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made, and those of phases before."""
        return time.perf_counter() - self._start
