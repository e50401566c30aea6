"""Which pixels and spectra are usable: the whole arrays' way beside a plain one, a pixel at a time."""

import numpy as np

from mstars.lamost.pixels import CONSTANT, FEW, LEAST_GOOD, MASKED, NEGATIVE, NO_FLUX, USABLE, clear_unusable

N_PIXEL, FLAT = 900, 100


def plain(flux, ivar, ormask):
    """One spectrum, in place: number of good pixels, and what it is."""
    for k in range(N_PIXEL):
        if not (np.isfinite(flux[k]) and np.isfinite(ivar[k]) and ivar[k] >= 0):
            flux[k] = ivar[k] = 0
    known = [k for k in range(N_PIXEL) if ivar[k] > 0]
    values = [float(flux[k]) for k in known]
    constant = not known or max(values) - min(values) <= 1e-5 * abs(max(values))
    unmasked, n_flat, start = any(ormask[k] == 0 for k in known), 0, 0
    for k in range(1, N_PIXEL + 1):
        if k < N_PIXEL and ivar[k] > 0 and ivar[start] > 0 and flux[k] == flux[start]:
            continue
        if k - start > FLAT and ivar[start] > 0 and not constant and flux.any():
            n_flat += k - start
            flux[start:k] = ivar[start:k] = 0
        start = k
    good = [k for k in range(N_PIXEL) if ivar[k] > 0 and ormask[k] == 0]
    positive = sum(flux[k] > 0 for k in good)
    if not flux.any() and not n_flat:
        return len(good), NO_FLUX
    if not unmasked:
        return len(good), MASKED
    if constant or (2 * n_flat > len(known) and len(good) < LEAST_GOOD):
        return len(good), CONSTANT
    if 2 * positive <= len(good):
        return len(good), NEGATIVE
    return len(good), FEW if len(good) < LEAST_GOOD else USABLE


def damaged(n):
    """Spectra with every damage in stretches from fixed seeds."""
    draws = np.random.default_rng(4)
    flux = draws.normal(5, 2, (n, N_PIXEL)).astype(np.float32)
    ivar = draws.uniform(0.1, 2, flux.shape).astype(np.float32)
    ormask = (draws.random(flux.shape) < 0.05).astype(np.uint8)
    for row in range(n):
        some = slice(first := draws.integers(0, N_PIXEL), first + draws.integers(1, 400))
        for kind in draws.choice(12, size=row % 3, replace=False):
            match kind:
                case 0:
                    flux[row, some] = np.nan
                case 1:
                    ivar[row, some] = -1
                case 2:
                    flux[row, some] = flux[row, first]
                case 3:
                    flux[row] = 0
                case 4:
                    flux[row] = 3
                case 5:
                    ormask[row] = 1
                case 6:
                    ivar[row] = 0
                case 7:
                    flux[row] = -np.abs(flux[row])
                case 8:
                    ormask[row, 200:] = 2
                case 9:
                    flux[row, 100:], ormask[row, :750] = 2, 1
                case 10:
                    flux[row, first], ivar[row, -1] = np.inf, np.nan
                case 11:
                    flux[row, 300:401], flux[row, 500:600], ivar[row, some] = 7, 7, np.inf
    return flux, ivar, ormask  # fmt: skip


def test_whole_arrays_find_what_a_loop_over_pixels_finds():
    flux, ivar, ormask = damaged(300)
    plain_flux, plain_ivar = flux.copy(), ivar.copy()
    expected = [plain(plain_flux[row], plain_ivar[row], ormask[row]) for row in range(len(flux))]
    n_good, found = clear_unusable(flux, ivar, ormask)
    assert list(zip(n_good.tolist(), found.tolist(), strict=True)) == expected
    assert np.array_equal(flux, plain_flux) and np.array_equal(ivar, plain_ivar)
    assert set(found) == {USABLE, NO_FLUX, CONSTANT, NEGATIVE, MASKED, FEW}


def test_no_spectra_are_no_error():
    n_good, found = clear_unusable(*(np.zeros((0, N_PIXEL), kind) for kind in (np.float32, np.float32, np.uint8)))
    assert len(n_good) == len(found) == 0
