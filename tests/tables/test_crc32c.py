"""gemcore.tables.crc32c: the definition, at every length, and known values."""

from types import SimpleNamespace

import numpy as np

from gemcore.tables.crc32c import crc32c_each


def test_known_values() -> None:
    # RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
    strings = [bytes(32), b"\xff" * 32, bytes(range(32)), b"123456789", b""]
    assert crc32c_each(strings).tolist() == [0x8A9136AA, 0x62A8AB43, 0x46DD794E, 0xE3069283, 0]


def test_equal_to_the_definition_at_every_length(official: SimpleNamespace) -> None:
    draw = np.random.default_rng(0)
    strings = [draw.bytes(length) for length in [*range(40), 255, 256, 257, 1000, 3, 0, 5000]]
    assert crc32c_each(strings).tolist() == [official.crc32c(string) for string in strings]
    assert crc32c_each(strings[::-1]).tolist() == crc32c_each(strings).tolist()[::-1]


def test_of_nothing_and_of_one(official: SimpleNamespace) -> None:
    assert crc32c_each([]).shape == (0,)
    assert crc32c_each([b"ab"]).tolist() == [official.crc32c(b"ab")]
    assert crc32c_each([b"a"]).dtype == np.uint32
