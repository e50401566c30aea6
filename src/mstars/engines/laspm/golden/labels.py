"""Labels of several catalogues on the scale of one (section 2.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.robust import mad_std

LABELS = ("teff", "logg", "m_h")

_CLIP = 3.0
_CLIPPED_STD = 0.9866
"""Standard deviation of a normal distribution between -3 and 3 sigma, in sigma."""


@dataclass(frozen=True)
class GaussianFit:
    """Centre and width of the core of a distribution, with the error of the centre."""

    mean: float
    sigma: float
    error: float
    n: int


def gaussian_fit(values: np.ndarray) -> GaussianFit:
    """Mean and standard deviation of the normal core: outliers beyond three sigma are left out until nothing changes.

    Parameters
    ----------
    values : ndarray, [n]
        NaN is left out.

    Returns
    -------
    GaussianFit
        NaN without two values.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if len(values) < 2:
        return GaussianFit(np.nan, np.nan, np.nan, len(values))
    mean, sigma, inside = float(np.median(values)), max(mad_std(values), 1e-12), np.empty(0)
    for _ in range(30):
        inside, before = values[np.abs(values - mean) <= _CLIP * sigma], len(inside)
        if len(inside) < 2 or len(inside) == before:
            break
        mean, sigma = float(inside.mean()), max(float(inside.std(ddof=1)) / _CLIPPED_STD, 1e-12)
    return GaussianFit(mean, sigma, sigma / np.sqrt(max(len(inside), 1)), len(inside))


@dataclass
class Transferred:
    """Labels on the reference's scale.

    Attributes
    ----------
    table : pandas.DataFrame, [n]
        source ('' where none was taken), teff, logg, m_h with ``_label_err``, reason (why none was taken).
    offsets : pandas.DataFrame
        source, label, mean, sigma, error, n, used: source minus reference.
    differences : pandas.DataFrame
        source, label, difference: of each star that both have, before the shift.
    warnings : list of str
    """

    table: pd.DataFrame
    offsets: pd.DataFrame
    differences: pd.DataFrame
    warnings: list[str]


def transfer_labels(
    sources: Mapping[str, pd.DataFrame],
    reference: pd.DataFrame | None,
    *,
    selected: np.ndarray,
    precise: np.ndarray,
    agree: Sequence[float],
    least_common: int,
    kind: str = "",
) -> Transferred:
    """Which source gives each star's labels, shifted to the reference, and how far it agrees.

    The first source counts that has all labels and, after the shift, agrees with the reference. Stars of the supplement
    need no agreement, and no place in the primary sample.

    Parameters
    ----------
    sources : mapping of str to pandas.DataFrame
        By name, the first counts most: teff, logg, m_h (NaN: none) of the same n stars.
    reference : pandas.DataFrame or None
        The same; None: labels as they come.
    selected : ndarray of bool, [n]
        The primary sample: offsets are measured on it.
    precise : ndarray of bool, [n]
        Whose first source is precise enough for the supplement.
    agree : sequence of float
        Largest difference of each label after the shift.
    least_common : int
        Stars in common that a shift needs. A source with fewer is left out.
    kind : str
        For messages.
    """
    n = len(selected)
    chosen = pd.DataFrame({"source": np.full(n, "", object), "reason": np.full(n, "no labels", object)})
    chosen[[*LABELS, *(f"{label}_label_err" for label in LABELS)]] = np.nan
    offsets, differences, warnings = [], [], []
    if reference is None:
        warnings.append(f"{kind}: no reference catalogue; labels are taken as they come, on the scale of each source")
    for number, (name, labels) in enumerate(sources.items()):
        fits = _offsets(labels, reference, selected)
        usable = reference is None or min(fit.n for fit in fits.values()) >= least_common
        for label, fit in fits.items():
            offsets.append({"source": name, "label": label, **vars(fit), "used": usable and reference is not None})
            if reference is not None:
                off = (labels[label] - reference[label])[selected].dropna()
                differences.append(pd.DataFrame({"source": name, "label": label, "difference": off}))
        if not usable:
            warnings.append(f"{kind}: {name} has too few stars in common with the reference and is not used")
            continue
        shifted = labels[list(LABELS)] - ({label: fits[label].mean for label in LABELS} if reference is not None else 0)
        _choose(chosen, name, shifted, reference, fits, selected, precise if number == 0 else 0 * precise, agree)
    if not len(sources):
        warnings.append(f"{kind}: no catalogue of labels")
    heads = ["source", "label", "difference"]
    parts = [part for part in differences if len(part)]
    differences = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=heads)
    heads = ["source", "label", "mean", "sigma", "error", "n", "used"]
    return Transferred(chosen, pd.DataFrame(offsets, columns=heads), differences, warnings)


def _offsets(labels: pd.DataFrame, reference: pd.DataFrame | None, selected) -> dict[str, GaussianFit]:
    if reference is None:
        return dict.fromkeys(LABELS, GaussianFit(np.nan, np.nan, np.nan, 0))
    return {label: gaussian_fit((labels[label] - reference[label]).to_numpy()[selected]) for label in LABELS}


def _choose(chosen, name, shifted, reference, fits, selected, precise, agree) -> None:
    """Give a source's labels to the stars that have none yet."""
    known = np.isfinite(shifted.to_numpy(dtype=float)).all(axis=1)
    if reference is None:
        close, measured = np.ones(len(chosen), bool), np.ones(len(chosen), bool)
    else:
        off = np.abs(shifted.to_numpy(dtype=float) - reference[list(LABELS)].to_numpy(dtype=float))
        measured = np.isfinite(off).all(axis=1)
        close = measured & (off < np.asarray(agree)).all(axis=1)
    free, precise = (chosen["source"] == "").to_numpy(), np.asarray(precise, dtype=bool)
    take = free & known & ((selected & close) | precise)
    chosen.loc[take, "source"] = name
    chosen.loc[take, "reason"] = ""
    left = free & known & ~take
    chosen.loc[left & ~measured, "reason"] = "not in the reference catalogue"
    chosen.loc[left & measured & ~close, "reason"] = "labels disagree with the reference"
    for label in LABELS:
        chosen.loc[take, label] = shifted.loc[take, label]
        # the scatter of a difference is of two catalogues
        chosen.loc[take, f"{label}_label_err"] = fits[label].sigma / np.sqrt(2)


def shifted_pairs(
    parameters: pd.DataFrame, joined: pd.DataFrame, offsets: pd.DataFrame, catalogue: str, kinds: Sequence[str]
) -> pd.DataFrame:
    """A catalogue's labels, shifted as for the sample (``_x``), beside an engine's (``_y``).

    Parameters
    ----------
    parameters : pandas.DataFrame
        The engine's table.
    joined : pandas.DataFrame
        spectrum_key, luminosity_class and ``{label}_catalog``.
    offsets : pandas.DataFrame
        luminosity_class, source, label, mean, used. A catalogue that is not in it is taken as it is.
    catalogue : str
    kinds : sequence of str
    """
    own = offsets[(offsets["source"] == catalogue) & offsets["used"].astype(bool)]
    shift = own.set_index(["luminosity_class", "label"])["mean"].to_dict()
    table = joined[joined["luminosity_class"].isin(kinds)].merge(
        parameters[["spectrum_key", *LABELS]], on="spectrum_key"
    )
    columns = {}
    for label in LABELS:
        off = np.array([shift.get((kind, label), 0.0) for kind in table["luminosity_class"]])
        columns[f"{label}_x"], columns[f"{label}_y"] = table[f"{label}_catalog"] - off, table[label]
    return pd.DataFrame(columns)
