"""Compressed bytes: several members, padding, other packers, and small files that unpack to very large ones."""

import bz2
import gzip
import lzma
import zipfile

import lamost_files
import numpy as np
import pytest

from mstars.lamost.cards import UnusableSpectrum
from mstars.lamost.compression import LARGEST, decompress
from mstars.lamost.reader import read_header, read_spectrum

PLAIN = np.random.default_rng(3).integers(0, 40, 100_000, np.uint8).tobytes()


def members(*sizes):
    """Gzip of several members, as bgzip and pigz write it."""
    parts, start = [], 0
    for size in sizes:
        parts.append(gzip.compress(PLAIN[start : start + size]))
        start += size
    return b"".join([*parts, gzip.compress(PLAIN[start:])])


@pytest.mark.parametrize(
    "packed",
    [
        members(),
        members(50_000),  # the last member tells the length of the first
        members(0, 1, 65_000),
        members(10) + gzip.compress(b""),  # bgzip ends with an empty member
        gzip.compress(PLAIN) + bytes(512),
        gzip.compress(PLAIN) + bytes(7),
        members(30_000) + bytes(10_240),
        gzip.compress(gzip.compress(PLAIN)),
        bz2.compress(PLAIN),
        bz2.compress(PLAIN[:500]) + bz2.compress(PLAIN[500:]),
        lzma.compress(PLAIN),
        PLAIN,
    ],
)
def test_plain_bytes_come_back(packed):
    assert bytes(decompress(packed)) == PLAIN


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_what_is_cut_short_or_damaged_is_refused(pack):
    whole = pack(PLAIN)
    for bad in (whole[:-1], whole[: len(whole) // 2], whole[:20], whole + whole[:30]):
        with pytest.raises(UnusableSpectrum, match="truncated or damaged"):
            decompress(bad)
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 0xFF
    with pytest.raises(UnusableSpectrum, match="truncated or damaged"):
        decompress(bytes(flipped))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_refused_before_it_fills_the_memory(pack):
    bomb = pack(bytes(LARGEST + 1))
    assert len(bomb) < 100_000
    with pytest.raises(UnusableSpectrum, match="unpacks to more than 64 MB"):
        decompress(bomb)


def test_other_packers_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a.fits", PLAIN)
    for packed, name in (
        ((tmp_path / "a.zip").read_bytes(), "zip"),
        (b"\x1f\x9d\x90" + PLAIN, "compress"),
        (b"\x28\xb5\x2f\xfd" + PLAIN, "zstd"),
        (gzip.compress(gzip.compress(gzip.compress(PLAIN))), "more than twice"),
    ):
        with pytest.raises(UnusableSpectrum, match=name):
            decompress(packed)


@pytest.mark.parametrize("layout", lamost_files.LAYOUTS)
def test_a_spectrum_is_read_however_it_is_packed(tmp_path, layout):
    plain = lamost_files.write(tmp_path / "a.fits", layout, compress=False)
    expected, raw = read_spectrum(plain), plain.read_bytes()
    packed = {
        "b.fits.gz": gzip.compress(raw[:3000]) + gzip.compress(raw[3000:]) + bytes(100),
        "c.fits.bz2": bz2.compress(raw),
        "d.fits.xz": lzma.compress(raw),
        "e.fits.gz": gzip.compress(gzip.compress(raw)),
        "no_ending": gzip.compress(raw),
    }
    for name, content in packed.items():
        (tmp_path / name).write_bytes(content)
        found = read_spectrum(tmp_path / name)
        np.testing.assert_array_equal(found.flux, expected.flux)
        assert read_header(tmp_path / name) == {**expected.values, "filename": name}
