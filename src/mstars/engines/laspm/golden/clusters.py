"""Cleaning by clusters: in each bin of the labels the spectra that agree with each other stay (section 2.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import spatial
from sklearn.cluster import DBSCAN

from mstars.core.robust import SIGMA_PER_MAD, mad_std
from mstars.engines.laspm.golden.distances import LEAST_NOISE, PARTS, Noise, flat_distances, parts_of, usual_variance
from mstars.engines.laspm.golden.spectra import GRID, MeanSpectrum, SampleSpectra, fit_mean_spectrum, polynomials

PAPER_EPS = 1.0
"""Section 2.4: in flux over its mean, Euclidean over 3900-8800 A as far as one can tell."""

KEPT, CROWDED, FAINT, OUTSIDE = "kept", "the bin is full", "fainter than the most of its bin", "outside the cluster"
SINGLE, FAILED = "alone in its bin", "no cluster in its bin"
QUEUED = (SINGLE, FAILED)
"""What people look at: the queue `golden`."""

_ROUNDS = 4

LEAST_SPECTRA = 30
"""Spectra that a mean spectrum needs."""

ALIKE, ALIKE_BINS, ALIKE_NOISE = 25, 2.0, 1.5
"""So many spectra tell what distance is usual; so many bins, or such a ratio of the noise, count as one step away."""


def min_points(count: int) -> int:
    """Spectra that a neighbourhood needs, 2 to 5 by the number in the bin (section 2.4 gives no more)."""
    return 2 + (count >= 10) + (count >= 30) + (count >= 80)


def bin_numbers(labels: np.ndarray, sides) -> np.ndarray:
    """Number of the bin of each star, from 0: int [n]."""
    cell = np.floor(labels / np.asarray(sides, dtype=float) + 1e-9).astype(np.int64)
    return np.unique(cell, axis=0, return_inverse=True)[1].reshape(-1)


@dataclass
class Cleaned:
    """What became of each spectrum.

    Attributes
    ----------
    status : ndarray of str, [n]
        `KEPT`, or why not.
    bin : ndarray of int, [n]
    distance : ndarray, [n]
        To the middle of its cluster, of spectra outside it too; NaN where there is none.
    eps : float
        Radius of a neighbourhood in the same unit; 1 with ``eps: auto``.
    """

    status: np.ndarray
    bin: np.ndarray
    distance: np.ndarray
    eps: float


def clean_by_clusters(spectra: SampleSpectra, labels: np.ndarray, snri: np.ndarray, settings: Mapping) -> Cleaned:
    """DBSCAN (scikit-learn's) in each bin of the labels.

    Parameters
    ----------
    spectra : SampleSpectra
        n spectra.
    labels : ndarray, [n, 3]
        teff, logg, m_h.
    snri : ndarray, [n]
    settings : mapping
        Section ``engines.laspm.golden.clusters``.

    Returns
    -------
    Cleaned
    """
    number = bin_numbers(labels, settings["bins"])
    result = Cleaned(np.full(len(labels), SINGLE, object), number, np.full(len(labels), np.nan), np.nan)
    members = {}
    order = np.lexsort((-snri, number))
    for rows in np.split(order, np.flatnonzero(np.diff(number[order])) + 1) if len(order) else []:
        members[number[rows[0]]] = rows[: settings["most"]]
        result.status[rows[settings["most"] :]] = FAINT
    members = {one: rows for one, rows in members.items() if len(rows) > 1}
    if not members:
        return result
    distances, result.eps = _distances(spectra, list(members.values()), settings)
    for rows, distance in zip(members.values(), distances, strict=True):
        status, middle = _cluster(distance, result.eps, settings)
        result.status[rows] = status
        if middle is not None:
            result.distance[rows] = distance[middle]
    return result


def _distances(spectra: SampleSpectra, members: list[np.ndarray], settings: Mapping) -> tuple[list[np.ndarray], float]:
    """Distances within each bin, and the radius of a neighbourhood."""
    if settings["eps"] != "auto":
        eps = PAPER_EPS if settings["eps"] == "paper" else float(settings["eps"])
        return [flat_distances(_recalibrated(spectra, rows, settings)) for rows in members], eps
    noise = Noise.of(spectra.ivar, _counts(settings))
    squares: list[list[np.ndarray]] = [[] for _ in range(PARTS)]
    for rows in members:
        for own, part in zip(squares, parts_of(_recalibrated(spectra, rows, settings), noise.weight), strict=True):
            own.append(flat_distances(part) ** 2 / part.shape[1])
    scaled = []
    for own, variance in zip(squares, noise.variance, strict=True):
        explained = [variance[rows][:, None] + variance[rows][None, :] for rows in members]
        scaled.append(_in_usual_units(own, explained, settings))
    return [np.maximum(*both) for both in zip(*scaled, strict=True)], 1.0


def _counts(settings: Mapping) -> np.ndarray:
    """Pixels whose details count: bool [pixel]."""
    wavelength = GRID.wavelength
    return ~np.any([(wavelength >= low) & (wavelength <= high) for low, high in settings["leave_out"]], axis=0)


def _recalibrated(spectra: SampleSpectra, rows: np.ndarray, settings: Mapping) -> np.ndarray:
    flux = spectra.flux[rows]
    if settings["recalibrate"] != "median":
        return flux
    weight = (spectra.ivar[rows] > 0).astype(np.float32)
    factor = polynomials(flux, weight, np.median(flux, axis=0), settings["recalibrate_order"])
    return (flux * factor).astype(np.float32)


def _in_usual_units(squares: list[np.ndarray], noise: list[np.ndarray], settings: Mapping) -> list[np.ndarray]:
    """Distances in units of the radius: what most spectra of all bins have as many neighbours within as they need.

    The noise of both spectra, and what spectra of equal labels differ by beside it, count as one variance.
    """
    least = [min(_least(len(one), settings), len(one)) - 1 for one in squares]
    excess = [np.sort(one - other, axis=1)[:, number] for one, other, number in zip(squares, noise, least, strict=True)]
    quiet = [other.diagonal() for other in noise]
    if not excess:
        return []
    usual = usual_variance(np.concatenate(excess), np.concatenate(quiet))
    distance = [np.sqrt(one / (other + usual)) for one, other in zip(squares, noise, strict=True)]
    nearest = np.concatenate([np.sort(one, axis=1)[:, number] for one, number in zip(distance, least, strict=True)])
    radius = float(np.median(nearest) + settings["eps_sigma"] * mad_std(nearest))
    return [one / radius for one in distance]


def _least(count: int, settings: Mapping) -> int:
    return min_points(count) if settings["min_points"] == "auto" else settings["min_points"]


def _cluster(distance: np.ndarray, eps: float, settings: Mapping) -> tuple[np.ndarray, int | None]:
    """Status of the spectra of a bin, and which is the middle of the largest cluster."""
    status = np.full(len(distance), FAILED, object)
    found = DBSCAN(eps=max(eps, 1e-12), min_samples=_least(len(distance), settings), metric="precomputed")
    cluster = found.fit_predict(distance)
    if (cluster < 0).all():
        return status, None
    status[:] = OUTSIDE
    inside = np.flatnonzero(cluster == np.bincount(cluster[cluster >= 0]).argmax())
    middle = inside[distance[np.ix_(inside, inside)].sum(axis=1).argmin()]
    nearest = inside[np.argsort(distance[middle, inside], kind="stable")]
    status[nearest] = CROWDED
    status[nearest[: settings["keep"]]] = KEPT
    return status, int(middle)


def judge_by_neighbours(
    spectra: SampleSpectra, labels: np.ndarray, kept: np.ndarray, settings: Mapping, *, sigma: float = 5.0
) -> np.ndarray:
    """Compare spectra with what those of the other bins lead one to expect at their labels.

    The expectation is a smooth function of the labels through the spectra that clusters kept; where these are too few,
    through all, with those left out that lie far from it.

    Parameters
    ----------
    spectra : SampleSpectra
        n spectra of a class.
    labels : ndarray, [n, 3]
    kept : ndarray of bool, [n]
        Those in clusters.
    settings : mapping
        Section ``engines.laspm.golden.clusters``.
    sigma : float
        Robust standard deviations above the median distance of the spectra that the expectation rests on.

    Returns
    -------
    ndarray, [n]
        Distance in units of the limit: up to 1 is near. 0 where there are too few spectra to say.
    """
    few = kept.sum() < LEAST_SPECTRA
    inside = np.ones(len(labels), bool) if few else kept.copy()
    distance, noise = np.zeros(len(labels)), Noise.of(spectra.ivar, _counts(settings)) if len(labels) else None
    if inside.sum() < LEAST_SPECTRA:
        return distance
    near = alike(labels, noise.variance[0], settings["bins"])
    for _ in range(_ROUNDS):
        mean = fit_mean_spectrum(spectra.flux[inside], labels[inside])
        squares, distance = _from_mean(spectra, mean, labels, noise, settings), np.zeros(len(labels))
        for own, variance in zip(squares, noise.variance, strict=True):
            scaled = np.sqrt(own / (variance + usual_variance(own[inside], variance[inside])))
            limit = np.median(scaled[inside]) + sigma * mad_std(scaled[inside])
            distance = np.maximum(distance, scaled / np.maximum(limit, local_limits(scaled, near, sigma)))
        again = (distance <= 1) & (few | kept)
        if (again == inside).all() or again.sum() < LEAST_SPECTRA:
            break
        inside = again
    return distance


def alike(labels: np.ndarray, variance: np.ndarray, sides) -> np.ndarray:
    """Numbers of the `ALIKE` spectra most like each in labels and noise: int [n, k]."""
    noise = 0.5 * np.log(np.maximum(variance, LEAST_NOISE**2)) / np.log(ALIKE_NOISE)
    place = np.column_stack([labels / (ALIKE_BINS * np.asarray(sides, dtype=float)), noise])
    return spatial.cKDTree(place).query(place, min(ALIKE + 1, len(place)))[1].reshape(len(place), -1)[:, 1:]


def local_limits(scaled: np.ndarray, near: np.ndarray, sigma: float) -> np.ndarray:
    """So many robust sigma above the median distance of the spectra most alike: [n].

    Spectra differ more where the labels say less of them: at the cool end, and where there is hardly any noise.
    """
    values = scaled[near]
    middle = np.median(values, axis=1)
    return middle + sigma * SIGMA_PER_MAD * np.median(np.abs(values - middle[:, None]), axis=1)


def _from_mean(spectra: SampleSpectra, mean: MeanSpectrum, labels, noise: Noise, settings, chunk: int = 2048):
    """Mean squared residuals of details and broad shape: [2, n]."""
    found = np.empty((PARTS, len(labels)))
    order = settings["recalibrate_order"] if settings["recalibrate"] == "median" else 0
    for start in range(0, len(labels), chunk):
        rows = slice(start, start + chunk)
        expected, flux = mean.at(labels[rows]), spectra.flux[rows]
        factor = polynomials(flux, (spectra.ivar[rows] > 0).astype(np.float32), expected, order)
        for number, part in enumerate(parts_of((flux * factor - expected).astype(np.float32), noise.weight)):
            found[number, rows] = np.square(part, dtype=float).mean(axis=1)
    return found


def queue_of(table: pd.DataFrame, status: np.ndarray, distance: np.ndarray) -> pd.DataFrame:
    """The queue `golden`: spectra that no cluster holds, with what the consensus says.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        spectrum_key, teff, logg, m_h, source, snri.
    status : ndarray of str, [n]
        Of `clean_by_clusters`.
    distance : ndarray, [n]
        Of `judge_by_neighbours`.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, the labels with their source, snri, candidate_reasons, consensus_label (keep or reject), priority
        (the distance).
    """
    found = table[["spectrum_key", "source", "teff", "logg", "m_h", "snri"]].assign(
        candidate_reasons=status, consensus_label=np.where(distance <= 1, "keep", "reject"), priority=distance
    )
    return found[np.isin(status, QUEUED)].reset_index(drop=True)


def fullest_bin(labels: pd.DataFrame, clusters: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Candidates of the bin with most spectra, and what labels it spans.

    Parameters
    ----------
    labels : pandas.DataFrame
        spectrum_key, luminosity_class, teff, logg, m_h and what else is wanted.
    clusters : pandas.DataFrame
        spectrum_key, bin.
    """
    table = labels.merge(clusters[["spectrum_key", "bin"]], on="spectrum_key")
    if not len(table):
        return table, ""
    own = table.groupby(["luminosity_class", "bin"])
    chosen = own.get_group(own.size().idxmax()).reset_index(drop=True)
    spans = [f"{name} {chosen[name].min():.4g} to {chosen[name].max():.4g}" for name in ("teff", "logg", "m_h")]
    return chosen, ", ".join(spans)


def in_cluster(spectra: SampleSpectra, table: pd.DataFrame, settings: Mapping, eps) -> np.ndarray:
    """Which spectra of one bin are in its cluster at a radius: bool [n]."""
    labels = np.zeros((len(table), 3))
    found = clean_by_clusters(spectra, labels, table["snri"].to_numpy(dtype=float), {**settings, "eps": eps})
    return np.isin(found.status, (KEPT, CROWDED))
