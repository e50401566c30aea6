"""rv_flag and parameter_flag of the recommended catalogue (section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS
from mstars.quality.error_limits import passes_errors
from mstars.quality.ranges import inside_ranges

UNSURE_FRAMES = ("topocentric", "corrected", "unknown")
"""Frames of wavelengths (`mstars.lamost.proof.frame_of`) whose velocities are not recommended."""


def observed_after(obsdate, cut: str) -> np.ndarray:
    """Which spectra were observed after the last day with doubtful wavelengths of the red exposures.

    Parameters
    ----------
    obsdate : array of str, [n]
        Day of the observation, YYYY-MM-DD (the catalogue's obsdate or the header's DATE-OBS, which may carry a time).
        Never LMJD, which is the local day. An unknown day gives False.
    cut : str
        That last day (config key ``quality.rv_cut``).

    Returns
    -------
    ndarray of bool, [n]
    """
    day = pd.to_datetime(pd.Series(obsdate).astype("object").astype(str).str[:10], format="%Y-%m-%d", errors="coerce")
    return (day > pd.Timestamp(cut)).to_numpy(dtype=bool)


def rv_flag(rv, obsdate, cut: str, frame=None) -> np.ndarray:
    """1 where a velocity is recommended: not null, observed after ``cut`` (`observed_after`), and heliocentric.

    Parameters
    ----------
    rv : array of float, [n]
        km/s, NaN for none.
    obsdate : array of str, [n]
    cut : str
    frame : array of str, [n], optional
        Frame of the wavelengths, see `mstars.lamost.ingest.SPECTRUM_COLUMNS`; without it all are heliocentric.

    Returns
    -------
    ndarray of int8, [n]
    """
    known = np.isfinite(np.asarray(rv, dtype=float)) & observed_after(obsdate, cut)
    if frame is not None:
        known &= ~pd.Series(frame).isin(UNSURE_FRAMES).to_numpy()
    return known.astype(np.int8)


def parameter_flags(
    table: pd.DataFrame,
    fits: dict,
    ranges: Mapping,
    *,
    labels: Sequence[str] = LABELS,
    clearing: Sequence[str] = ("no_rv", "simulation_trained"),
    with_errors: bool = True,
) -> pd.DataFrame:
    """parameter_flag with its reasons: S/N_i > 0, then Eq. 4 for all labels, then the ranges.

    Parameters
    ----------
    table : pandas.DataFrame
        luminosity_class, snr_i, the labels and their errors, and a bool column for each name of ``clearing``.
    fits : dict
        Of `fit_errors`.
    ranges : mapping
        As `TABLE_10`.
    labels : sequence of str
        Those of the engine.
    clearing : sequence of str
        Bits of the engine's flag that give 0, for example parameters of an unshifted spectrum (no_rv) or models of
        simulated spectra on real ones (simulation_trained).
    with_errors : bool
        Whether the engine has errors; without, Eq. 4 is left out.

    Returns
    -------
    pandas.DataFrame
        parameter_flag (int8), passed (bool: Eq. 4), parameter_reasons (str, ';'-joined; '' where the flag is 1).
    """
    needed = [*labels, *(f"{label}_err" for label in labels if with_errors)]
    finite = np.isfinite(table[needed].to_numpy(dtype=float)).all(axis=1)
    inside = inside_ranges(table, ranges, labels)
    passed = passes_errors(table, fits, labels) if with_errors else pd.DataFrame(True, table.index, list(labels))
    reasons = {"no_parameters": ~finite, "snr_i": ~(table["snr_i"].to_numpy(dtype=float) > 0)}
    reasons |= {name: table[name].to_numpy(dtype=bool) for name in clearing}
    measured = finite & ~reasons["snr_i"]
    for label in labels:
        reasons[f"error_{label}"] = measured & ~passed[label].to_numpy()
    for label in labels:
        reasons[f"range_{label}"] = measured & ~inside[label].to_numpy()
    text = np.full(len(table), "", dtype=object)
    for name, mask in reasons.items():
        text[mask] = [f"{old};{name}" if old else name for old in text[mask]]
    return pd.DataFrame(
        {
            "parameter_flag": (text == "").astype(np.int8),
            "passed": measured & passed.to_numpy().all(axis=1),
            "parameter_reasons": text.astype(str),
        },
        index=table.index,
    )
