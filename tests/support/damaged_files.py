"""LAMOST files damaged at random, from a seed: what disks, downloads and other people's programs may leave of them."""

import bz2
import functools
import gzip
import io
import lzma
import tempfile
from pathlib import Path

import lamost_files
import numpy as np
from astropy.io import fits

BLOCK = 2880
NASTY_VALUES = (
    "T", "F", "-1", "0", "1", "2", "3", "5", "7", "999", "-9999", "3908", "3910", "2147483647", "4294967296",
    "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "1E400", "-1E-400", "NaN", "INF",
    "1.5", "3.5682", "''", "'", "'''", "'air'", "'{batch}'", "'../../etc'", "'<script>'", "'=1+1'", "'E'",
    "'999999999E'", "'PE(99999999)'", "'QD'", "'0E'", "'3909E'", "", " ", "/", "= =", "\xe9\xe8", "\x00\x00",
    "\x1b[31m", "(1,2)", "1D5", "0x10", "1_000", "'2015-13-45'", "'18/01/15'",
)  # fmt: skip
NASTY_NAMES = (
    "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "BITPIX", "PCOUNT", "GCOUNT", "TFIELDS", "TFORM1", "TFORM3", "TTYPE1",
    "TDIM1", "TNULL1", "TSCAL1", "TZERO1", "THEAP", "BSCALE", "BZERO", "BLANK", "ZIMAGE", "ZNAXIS", "ZNAXIS1",
    "ZTILE1", "ZBITPIX", "ZCMPTYPE", "SIMPLE", "XTENSION", "EXTNAME", "EXTEND", "GROUPS", "CONTINUE", "INHERIT",
    "COEFF0", "COEFF1", "CRVAL1", "VACUUM", "HELIO", "HELIO_RV", "AIRORVAC", "CTYPE1", "LMJD", "PLANID", "SPID",
    "FIBERID", "OBSID", "RA", "DEC", "RA_OBS", "Z", "Z_ERR", "DATE-OBS", "MJD", "SNRI",
)  # fmt: skip
NASTY_FLOATS = (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e-45, 3.4e38, -3.4e38)


@functools.cache
def originals() -> tuple[bytes, ...]:
    """Whole files of every layout, uncompressed."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for number, layout in enumerate(lamost_files.LAYOUTS):
            path = lamost_files.write(Path(folder, f"{number}.fits"), layout, compress=False)
            found.append(path.read_bytes())
    with fits.open(io.BytesIO(found[1])) as hdus:
        data, header = hdus[0].data, hdus[0].header
        other = [
            [fits.PrimaryHDU(), fits.CompImageHDU(data, header, compression_type="RICE_1", quantize_level=16)],
            [fits.PrimaryHDU(), fits.CompImageHDU(data, header, compression_type="GZIP_2", quantize_level=0)],
            [fits.PrimaryHDU(), fits.ImageHDU(data, header)],
            [fits.PrimaryHDU(np.round(data * 10).astype(np.int32), header)],
        ]
    other[-1][0].header["BSCALE"] = 0.1
    for hdus in other:
        buffer = io.BytesIO()
        fits.HDUList(hdus).writeto(buffer)
        found.append(buffer.getvalue())
    return tuple(found)


def damaged(seed: int) -> bytes:
    """The bytes of a damaged file; same seed, same bytes."""
    random = np.random.default_rng(seed)
    whole = bytearray(originals()[random.integers(len(originals()))])
    for _ in range(random.integers(1, 5)):
        whole = bytearray(EDITS[random.integers(len(EDITS))](whole, random))
    pack = PACKERS[random.integers(len(PACKERS))]
    packed = bytearray(pack(bytes(whole)))
    if random.random() < 0.15:
        packed = bytearray(EDITS[random.integers(4)](packed, random))
    return bytes(packed)


def _flip(data, random):
    for _ in range(random.integers(1, 30)):
        if data:
            data[random.integers(len(data))] = random.integers(256)
    return data


def _cut(data, random):
    return data[: random.integers(len(data) + 1)]


def _append(data, random):
    more = bytes(random.integers(1, 6000))
    return data + (more if random.random() < 0.5 else random.bytes(len(more)))


def _move_block(data, random):
    if len(data) < 3 * BLOCK:
        return data
    start, length = random.integers(len(data) - BLOCK), random.integers(1, 2 * BLOCK)
    if random.random() < 0.5:
        return data[:start] + data[start + length :]
    return data[:start] + data[start : start + length] + data[start:]


def _cards(data):
    """Offsets of the cards in the first headers of a file."""
    return [at for at in range(0, min(len(data) - 80, 8 * BLOCK), 80) if data[at + 8 : at + 10] == b"= "]


def _change_card(data, random):
    cards = _cards(data)
    if not cards:
        return data
    at = cards[random.integers(len(cards))]
    wanted = NASTY_NAMES[random.integers(len(NASTY_NAMES))].ljust(8).encode()
    named = [card for card in cards if data[card : card + 8] == wanted]
    at = named[0] if named and random.random() < 0.8 else at
    value = NASTY_VALUES[random.integers(len(NASTY_VALUES))].encode("latin-1")
    data[at + 10 : at + 80] = value.ljust(70)[:70] if random.random() < 0.5 else value.rjust(20).ljust(70)[:70]
    return data


def _rename_card(data, random):
    cards = _cards(data)
    if cards:
        at = cards[random.integers(len(cards))]
        data[at : at + 8] = NASTY_NAMES[random.integers(len(NASTY_NAMES))].ljust(8).encode()
    return data


def _copy_card(data, random):
    cards = _cards(data)
    if len(cards) > 1:
        one, other = cards[random.integers(len(cards))], cards[random.integers(len(cards))]
        data[one : one + 80] = data[other : other + 80]
    return data


def _bad_pixels(data, random):
    start = random.integers(len(data) + 1) & ~3
    length = 4 * random.integers(1, 4000)
    value = np.array(NASTY_FLOATS[random.integers(len(NASTY_FLOATS))], ">f4").tobytes()
    data[start : start + length] = (value * (length // 4))[: max(0, min(length, len(data) - start))]
    return data


EDITS = (
    _flip,
    _cut,
    _append,
    _move_block,
    _change_card,
    _change_card,
    _change_card,
    _rename_card,
    _copy_card,
    _bad_pixels,
)
PACKERS = (
    bytes,
    bytes,
    functools.partial(gzip.compress, compresslevel=1, mtime=0),
    lambda data: b"".join(gzip.compress(data[at : at + 65280], 1, mtime=0) for at in range(0, len(data) or 1, 65280)),
    functools.partial(bz2.compress, compresslevel=1),
    functools.partial(lzma.compress, preset=0),
)
