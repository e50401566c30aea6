"""The synthetic training set (section 3.3.2): labels along isochrones, with the distribution of known stars."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.core.randomness import rng

logger = logging.getLogger("mstars")

ALPHA_KNOTS = ((-1.0, 0.4), (-0.5, 0.2), (0.0, 0.0))
"""[M/H] and [alpha/M] of step 1, dex; lines between them, constant beyond."""

METALLICITIES = np.round(np.arange(-1.0, 0.51, 0.1), 2)
"""[M/H] of the isochrones, dex."""

VARIANTS = ("all", "shifted", "shuffled")
"""Synthetic sets: the engine's own; the reference shifted by `SHIFT`; log g shuffled among the stars."""

SHIFT = 100.0
"""K."""

_POINTS_A_CURVE = 60
_MIXTURE_POINTS = 20000


def isochrone_points(isochrones: pd.DataFrame, limits: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Step 1: points of dwarfs along the isochrones, evenly in Teff.

    Parameters
    ----------
    isochrones : pandas.DataFrame
        m_h, teff (K), logg (dex), of one age.
    limits : mapping
        ``{label: (lower, upper)}`` of teff, logg and m_h, the ends included.

    Returns
    -------
    pandas.DataFrame
        teff, logg, m_h, alpha_m.

    Raises
    ------
    InputError
        No dwarfs within the limits.
    """
    curves = []
    for m_h, curve in isochrones[isochrones["logg"] > 4].groupby("m_h"):
        curve = curve.sort_values("teff").drop_duplicates("teff")
        lower, upper = max(limits["teff"][0], curve["teff"].min()), min(limits["teff"][1], curve["teff"].max())
        if len(curve) < 2 or lower >= upper:
            continue
        teff = np.linspace(lower, upper, _POINTS_A_CURVE)
        curves.append(pd.DataFrame({"teff": teff, "logg": np.interp(teff, curve["teff"], curve["logg"]), "m_h": m_h}))
    points = pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=["teff", "logg", "m_h"])
    for label in ("logg", "m_h"):
        points = points[points[label].between(*limits[label])]
    if points.empty:
        raise InputError(
            f"synthetic set: no isochrone has dwarfs with {_told(limits)}; give isochrones of more metallicities "
            "(figures.isochrones), or change engines.csn.population"
        )
    return points.assign(alpha_m=np.interp(points["m_h"], *np.transpose(ALPHA_KNOTS))).reset_index(drop=True)


def draw_mixture(points: pd.DataFrame, n: int, components: int, draws: np.random.Generator) -> pd.DataFrame:
    """Step 2: n stars of a Gaussian mixture fitted to the points; the number of components has the least BIC."""
    from sklearn.mixture import GaussianMixture

    values = points[list(LABELS)].to_numpy(dtype=float)
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale == 0] = 1.0
    scaled = (values - mean) / scale
    if len(scaled) > _MIXTURE_POINTS:
        scaled = scaled[draws.choice(len(scaled), _MIXTURE_POINTS, replace=False)]
    most = min(components, len(scaled))
    tried = sorted({count for count in (1, 2, 3, 5, 8, 12, 20, 30, most) if count <= most})
    # the points lie on a surface: without a width of its own a component would have none across it
    options = {"reg_covar": 1e-3, "random_state": int(draws.integers(2**31))}
    mixtures = [GaussianMixture(count, **options).fit(scaled) for count in tried]
    best = min(mixtures, key=lambda mixture: mixture.bic(scaled))
    logger.info("synthetic set: Gaussian mixture of %d components", best.n_components)
    made, _ = best.sample(n)
    return pd.DataFrame(made[draws.permutation(n)] * scale + mean, columns=list(LABELS))


def follow(
    stars: pd.DataFrame,
    reference: pd.DataFrame,
    n: int,
    cell: Sequence[float],
    coverage_min: float,
    draws: np.random.Generator,
) -> pd.DataFrame:
    """Step 3: n of the stars, drawn so that Teff and [M/H] are distributed as in the reference.

    Parameters
    ----------
    stars : pandas.DataFrame
        Labels of `LABELS`.
    reference : pandas.DataFrame
        teff and m_h.
    n : int
        Stars are drawn with replacement.
    cell : (float, float)
        Sides of the cells in K and dex in which shares are equal.
    coverage_min : float
        Least share of the reference in cells with stars.
    draws : numpy.random.Generator

    Raises
    ------
    InputError
        No reference stars, or too few in cells with stars.
    """
    reference = reference[["teff", "m_h"]].dropna()
    if reference.empty:
        raise InputError(
            "synthetic set: no reference stars with Teff and [M/H]; give labels (external.apogee), or set "
            "engines.csn.population.reference to literature"
        )
    own, wanted = (_cells(table, cell) for table in (stars, reference))
    counts, aims = pd.Series(own).value_counts(), pd.Series(wanted).value_counts()
    weight = pd.Series(own).map(aims).fillna(0.0).to_numpy() / pd.Series(own).map(counts).to_numpy()
    covered = float(aims[aims.index.isin(counts.index)].sum() / aims.sum())
    if covered < coverage_min or not weight.sum():
        spans = {label: tuple(reference[label].quantile([0.05, 0.95])) for label in ("teff", "m_h")}
        raise InputError(
            f"synthetic set: it can follow only {100 * covered:.0f} % of the {len(reference)} reference stars, whose "
            f"labels lie in {_told(spans)}; the theory grid and engines.csn.population allow "
            f"{_told({label: (stars[label].min(), stars[label].max()) for label in ('teff', 'm_h')})}"
        )
    if covered < 0.9:
        logger.warning("synthetic set: %.0f %% of the reference stars lie outside it", 100 * (1 - covered))
    rows = draws.choice(len(stars), n, p=weight / weight.sum())
    return stars.iloc[rows].reset_index(drop=True)


def synthetic_set(
    isochrones: pd.DataFrame,
    reference: pd.DataFrame,
    grid_limits: Mapping[str, tuple[float, float]],
    settings: Mapping,
    *,
    n: int,
    seed: int,
    variant: str = "all",
) -> pd.DataFrame:
    """Labels of the synthetic spectra.

    Parameters
    ----------
    isochrones : pandas.DataFrame
        See `isochrone_points`.
    reference : pandas.DataFrame
        teff and m_h of known stars.
    grid_limits : mapping
        ``{label: (lower, upper)}`` of the theory grid.
    settings : mapping
        ``engines.csn.population``.
    n : int
        How many.
    seed : int
        The config's. All variants have the same stars before the step in which they differ.
    variant : str
        Of `VARIANTS`.

    Returns
    -------
    pandas.DataFrame
        n rows: teff (K), logg, m_h, alpha_m (dex).
    """
    limits = {}
    for label in ("teff", "logg", "m_h"):
        lower, upper = (np.array(span, dtype=float) for span in (settings[label], grid_limits[label]))
        limits[label] = (float(max(lower[0], upper[0])), float(min(lower[1], upper[1])))
        if limits[label][0] >= limits[label][1]:
            raise InputError(
                f"synthetic set: the theory grid has {label} from {upper[0]:g} to {upper[1]:g}, and "
                f"engines.csn.population.{label} asks for {lower[0]:g} to {lower[1]:g}"
            )
    points = isochrone_points(isochrones, {**limits, "logg": settings["logg"]})
    stars = draw_mixture(points, settings["draws"], settings["components"], rng(seed, "csn", "mixture"))
    stars["alpha_m"] = stars["alpha_m"].clip(*grid_limits.get("alpha_m", (0.0, 0.0)))
    for label, span in limits.items():
        stars = stars[stars[label].between(*span)]
    shift = SHIFT if variant == "shifted" else 0.0
    reference = reference.assign(teff=reference["teff"] + shift)
    chosen = follow(stars, reference, n, settings["cell"], settings["coverage_min"], rng(seed, "csn", "follow"))
    if variant == "shuffled":
        chosen["logg"] = rng(seed, "csn", "shuffle").permutation(chosen["logg"].to_numpy())
    return chosen


def alpha_tie(stars: pd.DataFrame, knots: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """[M/H] and mean [alpha/M] of the stars at some knots, ascending in [M/H], dex."""
    edges = np.unique(np.quantile(stars["m_h"], np.linspace(0, 1, knots + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0] - 0.01, edges[0] + 0.01])
    inside = np.clip(np.searchsorted(edges, stars["m_h"], side="right") - 1, 0, len(edges) - 2)
    means = stars.groupby(inside)[["m_h", "alpha_m"]].mean()
    if len(means) < 2:
        means = pd.concat([means, means + [0.01, 0.0]])
    return means["m_h"].to_numpy(), means["alpha_m"].to_numpy()


def _cells(table: pd.DataFrame, cell: Sequence[float]) -> np.ndarray:
    numbers = [np.floor(table[label].to_numpy(dtype=float) / side).astype(int)
               for label, side in zip(("teff", "m_h"), cell, strict=True)]  # fmt: skip
    return (numbers[0].astype(np.int64) << 20) + numbers[1]


def _told(limits: Mapping[str, tuple[float, float]]) -> str:
    return ", ".join(f"{label} {lower:g} to {upper:g}" for label, (lower, upper) in limits.items())
