"""What the page shows of a spectrum: evidence as text, lines and velocities to mark, flux packed for the browser."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np

from mstars.core.bands import BANDS
from mstars.review.evidence import VELOCITY_MARKS, ZOOMS, known, marks

DASHES = {
    "LAMOST": [6, 0],
    "TM": [6, 3],
    "DSAL_I": [8, 3, 2, 3],
    "DSAL_II": [2, 3],
    "TML7500": [10, 3],
    "DSEL": [3, 5],
}
"""Lengths of strokes and gaps with which each velocity is marked, pixels."""

BOXES = {
    "spectrum": (
        ("obsid", "obsid", "{}"),
        ("plate", "plate", "{}"),
        ("fiber", "fiberid", "{}"),
        ("date", "obsdate", "{}"),
        ("LAMOST class", "class", "{}"),
        ("subclass", "subclass", "{}"),
        *((f"S/N {band}", f"snr{band}", "{:.1f}") for band in BANDS),
        *((f"masked {band}", f"orp_{band}", "{:.0%}") for band in BANDS),
    ),
    "methods": (
        ("queued for", "candidate_reasons", "{}"),
        ("consensus", "consensus_label", "{}"),
        ("SPT", "spt_class", "{}"),
        ("SPT probability", "spt_prob", "{:.3f}"),
        ("WDM", "wdm_class", "{}"),
        ("WDM probability", "wdm_prob", "{:.3f}"),
        ("dMgM", "dmgm_class", "{}"),
        ("dMgM probability", "dmgm_prob", "{:.3f}"),
        ("out of distribution", "ood_score", "{:.2f}"),
        ("ZrO", "zro_score", "{:.1f} sigma"),
        ("luminosity class", "luminosity_class", "{}"),
        ("template", "tm_template", "{}"),
        ("TM flag", "tm_flag", "{}"),
        ("DSAL lines", "n_dsal1", "{}"),
    ),
    "star": (
        ("CMD", "CMD_pos", "{}"),
        ("CMD reliable", "CMD_flag", "{}"),
        ("(BP-RP)0", "bp_rp_0", "{:.2f} mag"),
        ("M_G", "M_G_0", "{:.2f} mag"),
        ("E(B-V)", "ebv", "{:.2f}"),
        ("G", "phot_g_mean_mag", "{:.2f} mag"),
        ("distance", "r_med_geo", "{:.0f} pc"),
        ("parallax / error", "parallax_over_error", "{:.1f}"),
        ("RUWE", "ruwe", "{:.2f}"),
        ("W1-W2", "W1_W2_0", "{:.2f} mag"),
        ("Gaia DR3", "source_id", "{}"),
        ("Gaia RV", "radial_velocity", "{:.1f} km/s"),
        ("separation", "sep_arcsec", "{:.2f} arcsec"),
        ("matched at", "match_epoch", "{}"),
        ("Gaia sources within radius", "n_within", "{}"),
        ("next one at", "next_sep_arcsec", "{:.2f} arcsec"),
        ("its G", "next_g_mag", "{:.2f} mag"),
        ("several spectra, one source", "many_to_one", "yes"),
        ("spectra of the star", "n_spectra", "{}"),
    ),
}
"""What stands beside a spectrum, by box: name on the page, column, format."""


def said(row: Mapping, box: str) -> list[list[str]]:
    """Name and value, as text, of each entry of a box of `BOXES` that the candidate has."""
    return [
        [name, text.format(row[column])]
        for name, column, text in BOXES[box]
        if known(row.get(column)) and row[column] is not False
    ]


def methods() -> list[list]:
    """Each velocity that can be marked: its name in the data, its name on the page, colour and dashes."""
    return [[method, *VELOCITY_MARKS[method], DASHES[method]] for method in VELOCITY_MARKS]


def zooms() -> list[list]:
    """Windows of the spectrum shown magnified: name, first and last wavelength (vacuum, angstrom)."""
    return [[name.replace(r"$\alpha$", "\u03b1"), *limits] for name, limits in ZOOMS.items()]


def marked(queue: str) -> list[dict]:
    """Rest wavelengths (vacuum, angstrom) to mark, in sets that the page can switch off.

    In `rv` they are the lines of Tables 5 and 6. Elsewhere they are the features of Table 3, and the emission lines of
    Table 6 that are not among them: Balmer and forbidden lines tell a nebula, an active star or a galaxy.
    """
    found = marks(queue)
    rows = found.to_dict("records")
    if queue != "rv":
        lines = marks("rv")
        shown = (lines["set"] == "emission") & ~lines["name"].isin(found["name"])
        rows += lines[shown].to_dict("records")
    return rows


def packed(flux: np.ndarray) -> dict:
    """Flux for the browser.

    Parameters
    ----------
    flux : ndarray, [pixel]
        In any unit; NaN where there is none.

    Returns
    -------
    dict
        ``scale``, the median of the absolute flux, and ``data``, the flux divided by it as base64 of little-endian
        float16: its 11 bits are more than a screen can show.
    """
    good = np.isfinite(flux)
    scale = float(np.median(np.abs(flux[good]))) if good.any() else 1.0
    scale = scale if scale > 0 else 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.clip(flux / scale, -6e4, 6e4).astype("<f2")
    return {"scale": scale, "data": base64.b64encode(values.tobytes()).decode()}


def runs(mask: np.ndarray) -> list[list[int]]:
    """Start and length of each run of true pixels of a mask, bool [pixel]."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [[int(start), int(stop - start)] for start, stop in zip(edges[::2], edges[1::2], strict=True)]
