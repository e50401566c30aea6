"""The coarse scan (section 3.4.3): chi2 with every template at every coarse velocity, and the best few templates."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from mstars.velocity.compiling import observed
from mstars.velocity.match.bank import TemplateBank
from mstars.velocity.match.filters import fill_straight
from mstars.velocity.match.minimum import exact_minima, parabola_minima
from mstars.velocity.match.scan_kernels import approximate_minima, block_overlaps, fill_model, scan_chunk
from mstars.velocity.pool import over_chunks

METHODS = ("exhaustive", "pruned")

_BLOCK = 32
"""Pixels whose products of bases are summed beforehand."""

_COLUMNS = 1024
"""Columns of a matrix product that one thread makes at a time."""

RANK = 128
"""Dimensions of the reduced space in which ``pruned`` ranks templates."""

_SPARE, _SAMPLE, _TURNS = 40, 2000, 1
"""In the search for those dimensions: directions beyond them, (template, velocity) looked at, and iterations."""

FIRST_LOOK, SECOND_LOOK = 12, 48
"""Templates whose chi2 ``pruned`` computes exactly before it falls back on the exhaustive scan."""

MORE = 3
"""Templates beyond those asked for whose chi2 the exhaustive scan computes in double precision too."""


def coarse_chi2(flux: np.ndarray, bad: np.ndarray, bank: TemplateBank, wavelength: np.ndarray) -> np.ndarray:
    """Unweighted chi2 (N times Eq. 2) over all templates and coarse velocities, polynomials solved exactly.

    The bases are orthonormal over all pixels, so an unmasked spectrum's chi2 is ``|y|^2 - |b|^2`` with b from one
    matrix product; masked pixels change the bases' products by sums over those pixels.

    Parameters
    ----------
    flux : ndarray of float32, [n, p]
        Scaled fluxes on the compared pixels; 0 where bad.
    bad : ndarray of bool, [n, p]
    bank : TemplateBank
    wavelength : ndarray
        The observed grid (all of it, not the compared pixels).

    Returns
    -------
    ndarray of float32, [n, j, v]
    """
    basis = bank.basis(wavelength)
    n_pixel, _, columns = basis.shape
    product = (flux @ basis.reshape(n_pixel, -1)).reshape(len(flux), -1, columns)
    result = np.empty((len(flux), columns), np.float32)
    blocks = bank.made_once("blocks", wavelength, lambda: block_overlaps(basis, _BLOCK))
    scan_chunk(_power(flux), product, basis, blocks, _BLOCK, bad, result)
    return result.reshape(len(flux), len(bank), len(bank.velocity))


def _power(flux: np.ndarray) -> np.ndarray:
    return (flux.astype(np.float64) ** 2).sum(axis=1).astype(np.float32)


def best_templates(chi2: np.ndarray, velocity: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Templates with the least chi2 after a parabola through each coarse minimum.

    Parameters
    ----------
    chi2 : ndarray, [n, j, v]
    velocity : ndarray, [v]
    count : int

    Returns
    -------
    template : ndarray of int, [n, count]
        Best first; -1 where there are fewer templates.
    start : ndarray, [n, count]
        Velocity of the parabola's minimum, km/s.
    least : ndarray, [n, j]
        The parabolas' minima.
    """
    least, vertex = np.empty(chi2.shape[:2]), np.empty(chi2.shape[:2])
    parabola_minima(chi2, velocity, least, vertex)
    return *_sorted(least, vertex, count), least


def _sorted(least: np.ndarray, vertex: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    here = min(count, least.shape[1])
    order = np.argsort(least, axis=1, kind="stable")[:, :here]
    template, start = np.full((len(least), count), -1), np.full((len(least), count), np.nan)
    template[:, :here] = order
    start[:, :here] = np.take_along_axis(vertex, order, axis=1)
    return template, start


def likely_templates(
    flux: np.ndarray, bad: np.ndarray, bank: TemplateBank, wavelength: np.ndarray, count: int, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` best templates of each spectrum with a first velocity.

    Parameters
    ----------
    flux, bad, bank, wavelength
        As for `coarse_chi2`.
    count : int
    method : {'exhaustive', 'pruned'}
        ``pruned`` ranks all (template, velocity) in a space of `RANK` dimensions, computes the best `FIRST_LOOK`
        templates exactly, and goes on to `SECOND_LOOK` and then to the exhaustive scan for each spectrum where a
        template not yet computed could still be the best.

    Returns
    -------
    template : ndarray of int, [n, count]
    start : ndarray of float64, [n, count]
        km/s.
    """
    rows = np.arange(len(flux))
    if method == "exhaustive" or len(bank) <= 2 * FIRST_LOOK:
        return _scanned(flux, bad, bank, wavelength, rows, count)
    ranked, center, approximate = _rank(flux, bad, bank, wavelength)
    template, start = np.full((len(flux), count), -1), np.full((len(flux), count), np.nan)
    for look in (FIRST_LOOK, SECOND_LOOK):
        if look >= len(bank) or not len(rows):
            break
        few = ranked[rows, :look]
        middle = np.take_along_axis(center[rows], few, axis=1)
        template[rows], start[rows], least = _exact(flux, bad, bank, wavelength, rows, few, middle, count)
        rows = rows[_could_differ(approximate[rows], ranked[rows], least, look)]
    if len(rows):
        template[rows], start[rows] = _scanned(flux, bad, bank, wavelength, rows, count)
    return template, start


def _scanned(flux, bad, bank, wavelength, rows, count) -> tuple[np.ndarray, np.ndarray]:
    """The exhaustive scan's best templates and their first velocities, as exact chi2 have them.

    The scan's own, in single precision, depend in their last digits on the place of a spectrum among the others of
    its chunk: BLAS does not add up every row of a product in one order.
    """
    chi2 = coarse_chi2(flux[rows], bad[rows], bank, wavelength)
    few, near, _ = best_templates(chi2, bank.velocity, min(count + MORE, len(bank)))
    step = bank.velocity[1] - bank.velocity[0]
    middle = np.rint((near - bank.velocity[0]) / step).astype(np.int64)
    return _exact(flux, bad, bank, wavelength, rows, few, middle, count)[:2]


def _could_differ(approximate, ranked, least, look) -> np.ndarray:
    """Whether the best template not computed may, with the errors seen so far, beat the second best that was."""
    seen = np.take_along_axis(approximate, ranked[:, :look], axis=1)
    error = least - seen
    next_best = np.take_along_axis(approximate, ranked[:, look : look + 1], axis=1)[:, 0]
    worst = error.min(axis=1) - (error.max(axis=1) - error.min(axis=1))
    return next_best + worst < np.partition(least, 1, axis=1)[:, 1]


def _exact(flux, bad, bank, wavelength, rows, few, middle, count):
    """The best ``count`` of a few templates, their velocities, and the chi2 of all few, in double precision."""
    least, vertex = np.empty(few.shape), np.empty(few.shape)
    splines = bank.splines(wavelength, bank.pixels(wavelength))
    exact_minima(observed(flux, ~bad), rows, splines, few, middle, bank.velocity, least, vertex)
    place, start = _sorted(least, vertex, count)
    template = np.where(place < 0, -1, np.take_along_axis(few, np.maximum(place, 0), axis=1))
    return template, start, least


@threadpool_limits.wrap(limits=1)
def make_ready(bank: TemplateBank, wavelength: np.ndarray, method: str, threads: int = 1) -> None:
    """Make what `likely_templates` keeps beside the bank, on several threads; it would make it itself, on one.

    Parameters
    ----------
    bank, wavelength, method
        As for `likely_templates`.
    threads : int
    """
    bank.basis(wavelength, threads)
    if method == "pruned" and len(bank) > 2 * FIRST_LOOK:
        _reduced(bank, wavelength, threads)


def _reduced(bank: TemplateBank, wavelength: np.ndarray, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Leading directions of all bases (float32 [p, r]) and the bases in them (float32 [r, 5 * m])."""

    def make() -> tuple[np.ndarray, np.ndarray]:
        basis = bank.basis(wavelength, threads)
        flat = basis.reshape(len(basis), -1)
        # some of the columns span what all do, to the accuracy that ranking needs
        part = np.ascontiguousarray(flat[:, :: max(1, flat.shape[1] // _SAMPLE)])
        span = leading_span(part, min(RANK + _SPARE, *part.shape), threads)
        every = _product(span.T, flat, threads)
        _, vectors = np.linalg.eigh((every @ every.T).astype(np.float64))
        turn = vectors[:, ::-1][:, : min(RANK, len(vectors))].astype(np.float32)
        return np.ascontiguousarray(span @ turn), _product(turn.T, every, threads)

    return bank.made_once("reduced", wavelength, make)


def leading_span(values: np.ndarray, count: int, threads: int = 1) -> np.ndarray:
    """Orthonormal columns that span the leading directions of the columns of ``values``, float32 [p, count].

    Subspace iteration from a random start (Halko, Martinsson & Tropp 2011, algorithm 4.4): a matrix of so
    many rows has no need of all its eigenvectors.

    Parameters
    ----------
    values : ndarray of float32, [p, m]
    count : int
    threads : int
        The result does not depend on it.

    Returns
    -------
    ndarray of float32, [p, count]
    """
    start = np.random.default_rng(0).standard_normal((values.shape[1], count), dtype=np.float32)
    for _ in range(_TURNS):
        span = np.linalg.qr(_product(start.T, values.T, threads).T.astype(np.float64))[0].astype(np.float32)
        start = _product(span.T, values, threads).T
    return np.linalg.qr(_product(start.T, values.T, threads).T.astype(np.float64))[0].astype(np.float32)


def _product(left: np.ndarray, right: np.ndarray, threads: int) -> np.ndarray:
    """Matrix product, by blocks of columns over threads: the same bits for any number of them."""
    result = np.empty((left.shape[0], right.shape[1]), np.float32)

    def work(start: int) -> None:
        np.matmul(left, right[:, start : start + _COLUMNS], out=result[:, start : start + _COLUMNS])

    over_chunks(work, range(0, right.shape[1], _COLUMNS), threads)
    return result


def _rank(flux, bad, bank, wavelength) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Templates by approximate chi2 (best first), each one's coarse velocity, and the approximate chi2."""
    basis = bank.basis(wavelength)
    directions, reduced = _reduced(bank, wavelength)
    filled = flux.copy()
    masked = np.flatnonzero(bad.any(axis=1))
    shape = (len(bank), len(bank.velocity))
    if len(masked):
        # masked pixels: a straight line first, then the best model, so that they count for no template
        part = filled[masked]
        fill_straight(part, bad[masked])
        product = (part @ directions) @ reduced
        fill_model(part, bad[masked], basis, product)
        filled[masked] = part
    product = ((filled @ directions) @ reduced).reshape(len(flux), -1, basis.shape[2])
    least, center = np.empty((len(flux), shape[0])), np.empty((len(flux), shape[0]), np.int64)
    approximate_minima(_power(filled), product, shape[1], least, center)
    return np.argsort(least, axis=1, kind="stable"), center, least
