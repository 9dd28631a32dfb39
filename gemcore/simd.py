"""Which vector instructions the native code uses."""

from gemcore import _core
from gemcore.arguments import check_type


def simd_level() -> str:
    """The level in use: the best that this CPU has, unless another was asked for.

    The environment variable ``GEMCORE_SIMD`` asks for one at start. Results don't depend on it.

    Example:
        >>> simd_level() in simd_levels()
        True
    """
    return _core.simd_level()


def simd_levels() -> tuple[str, ...]:
    """The levels that this CPU has, from the slowest.

    ``"scalar"``, portable code, everywhere; on x86-64 ``"avx2"``, ``"avx512_base"`` (Skylake),
    ``"avx512_vbmi"`` (Ice Lake, Zen 4), ``"avx512_vp2"`` (Zen 5).

    Example:
        >>> simd_levels()[0]
        'scalar'
    """
    return tuple(_core.simd_levels())


def set_simd_level(level: str) -> None:
    """Uses a level from now on: to compare, or to find out which one is to blame.

    Args:
        level: One of :func:`simd_levels`, or ``"avx512"``, the highest of those with AVX-512.

    Raises:
        TypeError: If ``level`` is no string.
        ValueError: If this CPU has no such level.

    Example:
        >>> before = simd_level()
        >>> set_simd_level("scalar")
        >>> simd_level()
        'scalar'
        >>> set_simd_level(before)
    """
    check_type("level", level, str)
    _core.set_simd_level(level)
