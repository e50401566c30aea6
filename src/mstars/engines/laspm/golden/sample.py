"""The golden sample put together: who was a candidate, who left in which step and why, and who is a member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.clusters import (
    KEPT,
    QUEUED,
    Cleaned,
    clean_by_clusters,
    judge_by_neighbours,
    queue_of,
)
from mstars.engines.laspm.golden.doubles import match_range, second_star
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.network import NetworkCleaning, clean_by_network
from mstars.engines.laspm.golden.spectra import (
    SampleSpectra,
    fit_mean_spectrum,
    polynomials,
    read_spectra,
    recalibrated,
)
from mstars.engines.laspm.golden.theory import TheoryShapes, brought_to_theory

MEMBER = "member"

KEEP = "keep"
"""The label of the queue `golden` with which a spectrum stays."""


def ready_spectra(
    candidates: pd.DataFrame, stores: Mapping[str, str], settings: Mapping, shapes: TheoryShapes | None = None
) -> SampleSpectra:
    """Spectra of the candidates of a class, recalibrated to theory where there is one.

    Parameters
    ----------
    candidates : pandas.DataFrame, [n]
        spectrum_key, batch, row, rv (km/s), teff, logg, m_h.
    stores : mapping of str to path
        By batch.
    settings : mapping
        Section ``engines.laspm.golden``.
    shapes : TheoryShapes or None
    """
    labels = candidates[list(LABELS)].to_numpy(dtype=float)
    order = settings["clusters"]["recalibrate_order"]
    return brought_to_theory(read_spectra(candidates, stores), labels, shapes, order)


@dataclass
class Clustered:
    """Candidates of a class after the clusters.

    Attributes
    ----------
    table : pandas.DataFrame
        spectrum_key, status (of `clean_by_clusters`), bin, distance (to the middle of the cluster), far (of
        `judge_by_neighbours`).
    queue : pandas.DataFrame
        Of `queue_of`.
    cleaned : Cleaned
    """

    table: pd.DataFrame
    queue: pd.DataFrame
    cleaned: Cleaned


def cluster_candidates(candidates: pd.DataFrame, spectra: SampleSpectra, settings: Mapping) -> Clustered:
    """Clean the candidates of a class by clusters.

    Parameters
    ----------
    candidates : pandas.DataFrame, [n]
        spectrum_key, snri, source, teff, logg, m_h.
    spectra : SampleSpectra
        Theirs.
    settings : mapping
        Section ``engines.laspm.golden``.
    """
    labels, snri = candidates[list(LABELS)].to_numpy(dtype=float), candidates["snri"].to_numpy(dtype=float)
    own = settings["clusters"]
    cleaned = clean_by_clusters(spectra, labels, snri, own)
    far = judge_by_neighbours(spectra, labels, cleaned.status == KEPT, own)
    table = pd.DataFrame(
        {
            "spectrum_key": candidates["spectrum_key"].to_numpy(),
            "status": cleaned.status.astype(str),
            "bin": cleaned.bin,
            "distance": cleaned.distance,
            "far": far,
        }
    )
    return Clustered(table, queue_of(candidates, cleaned.status, far), cleaned)


def after_review(clustered: pd.DataFrame, decisions: pd.DataFrame) -> pd.DataFrame:
    """Who stays after clusters and review.

    Parameters
    ----------
    clustered : pandas.DataFrame, [n]
        `Clustered.table`.
    decisions : pandas.DataFrame
        Resolved decisions of the queue `golden`: spectrum_key, label, review_status.

    Returns
    -------
    pandas.DataFrame, [n]
        The same, with stays (bool), reason ('' where it stays) and review_status ('' where nobody was asked).
    """
    said = clustered[["spectrum_key"]].merge(
        decisions[["spectrum_key", "label", "review_status"]], on="spectrum_key", how="left"
    )
    label, status = said["label"].fillna("").to_numpy(), clustered["status"].to_numpy()
    decided = label != ""
    stays = np.where(decided, label == KEEP, status == KEPT)
    reason = np.where(stays, "", np.where(decided | np.isin(status, QUEUED), "review: " + label.astype(object), status))
    return clustered.assign(stays=stays, reason=reason, review_status=said["review_status"].fillna("").to_numpy())


@dataclass
class Finished:
    """A class of the golden sample.

    Attributes
    ----------
    fates : pandas.DataFrame, [n]
        spectrum_key, stage (clusters, review, doubles, network or member), reason, round, predicted_teff, …
    members : ndarray of int
        Rows of the members.
    spectra : SampleSpectra
        Theirs, recalibrated.
    network : NetworkCleaning or None
    """

    fates: pd.DataFrame
    members: np.ndarray
    spectra: SampleSpectra
    network: NetworkCleaning | None


def finish_sample(
    candidates: pd.DataFrame,
    spectra: SampleSpectra,
    reviewed: pd.DataFrame,
    settings: Mapping,
    random: np.random.Generator,
) -> Finished:
    """Cleaning by second stars and by the network, and the recalibrated spectra of who is left.

    Parameters
    ----------
    candidates : pandas.DataFrame, [n]
        star_id, teff, logg, m_h.
    spectra : SampleSpectra
        Theirs.
    reviewed : pandas.DataFrame, [n]
        Of `after_review`, in the same order.
    settings : mapping
        Section ``engines.laspm.golden``.
    random : numpy.random.Generator
    """
    labels, star = candidates[list(LABELS)].to_numpy(dtype=float), candidates["star_id"].to_numpy(dtype=str)
    fates = reviewed[["spectrum_key", "status", "bin", "distance", "far", "reason", "review_status"]].copy()
    fates["stage"] = np.where(
        reviewed["stays"], MEMBER, np.where(reviewed["review_status"] != "", "review", "clusters")
    )
    fates["round"], fates[[f"predicted_{label}" for label in LABELS]] = 0, np.nan
    rows = np.flatnonzero(reviewed["stays"])
    if settings["doubles"]["sigma"] is not None:
        rows = _without_doubles(fates, spectra, star, labels, rows, settings["doubles"])
    network = None
    if settings["network"]["rounds"] and len(rows):
        network = clean_by_network(
            network_input(spectra.take(rows)), labels[rows], star[rows], LABELS, settings["network"], random
        )
        gone = rows[network.removed_in > 0]
        fates.loc[gone, "stage"] = "network"
        fates.loc[gone, "reason"] = network.reason[network.removed_in > 0]
        fates.loc[gone, "round"] = network.removed_in[network.removed_in > 0]
        fates.loc[rows, [f"predicted_{label}" for label in LABELS]] = network.predicted
        rows = rows[network.removed_in == 0]
    return Finished(fates, rows, recalibrated_members(spectra.take(rows), labels[rows], settings["clusters"]), network)


def _without_doubles(fates, spectra, star, labels, rows, settings) -> np.ndarray:
    found = second_star(spectra.take(rows), star[rows], labels[rows])
    double = (found.sigma > settings["sigma"]) & (found.share > settings["share"])
    fates.loc[rows[double], "stage"] = "doubles"
    fates.loc[rows[double], "reason"] = [
        f"second star: {sigma:.1f} sigma, {share:.2f} of the light, {69 * shift:+d} km/s"
        for sigma, share, shift in zip(found.sigma[double], found.share[double], found.shift[double], strict=True)
    ]
    return rows[~double]


def network_input(spectra: SampleSpectra) -> np.ndarray:
    """Flux of 6000-8800 A for the network, brought to the mean shape of all: float32 [n, pixel].

    The target is the same for all spectra. A shape that went with the label would tell the network the label.
    """
    flux, ivar = match_range(spectra)
    factor = polynomials(flux, (ivar > 0).astype(np.float32), np.median(flux, axis=0), 2)
    return (flux * factor).astype(np.float32)


def recalibrated_members(spectra: SampleSpectra, labels: np.ndarray, settings: Mapping) -> SampleSpectra:
    """Members brought to the shape that members of their labels have: by a smooth function of the labels.

    Only where the shape is the median's: what theory has recalibrated keeps its shape.
    """
    if settings["recalibrate"] != "median" or not len(spectra):
        return spectra
    target = fit_mean_spectrum(spectra.flux, labels).at(labels)
    return recalibrated(spectra, target, settings["recalibrate_order"])


@dataclass
class GoldenSample:
    """All classes.

    Attributes
    ----------
    members : pandas.DataFrame
        Rows of the candidates with status, review_status and distance.
    spectra : SampleSpectra
        Theirs.
    fates, history, rounds : pandas.DataFrame
        Every spectrum with its stage and reason; how the networks were trained; the rounds. With luminosity_class.
    """

    members: pd.DataFrame
    spectra: SampleSpectra
    fates: pd.DataFrame
    history: pd.DataFrame
    rounds: pd.DataFrame


def finish_classes(
    labels: pd.DataFrame,
    clusters: pd.DataFrame,
    decisions: pd.DataFrame,
    stores: Mapping[str, str],
    settings: Mapping,
    random: Callable[[str], np.random.Generator],
    least: int,
    shapes: Mapping[str, TheoryShapes] = {},
) -> GoldenSample:
    """`finish_sample` of each class.

    Parameters
    ----------
    labels : pandas.DataFrame
        Of `mstars.engines.laspm.golden.candidates.golden_labels`.
    clusters : pandas.DataFrame
        `Clustered.table` of all classes.
    decisions : pandas.DataFrame
        Resolved decisions of the queue `golden`.
    stores : mapping of str to path
        By batch.
    settings : mapping
        Section ``engines.laspm.golden``.
    random : callable
        Random numbers of a class.
    least : int
        Members that a class needs.
    shapes : mapping
        Of theory, by class; none: no recalibration to theory.
    """
    others = labels[labels["source"] == ""]
    head = ["spectrum_key", "luminosity_class", "source"]
    fates = [others[[*head, "reason"]].assign(stage=np.where(others["primary"], "labels", "selection"))]
    members, spectra, history, rounds = [], [], [], []
    for kind, own in labels[labels["source"] != ""].groupby("luminosity_class"):
        own = own.reset_index(drop=True)
        reviewed = after_review(own[["spectrum_key"]].merge(clusters, on="spectrum_key", validate="1:1"), decisions)
        spectra_of_kind = ready_spectra(own, stores, settings, shapes.get(kind))
        found = finish_sample(own, spectra_of_kind, reviewed, settings, random(kind))
        fates.append(own[head].merge(found.fates, on="spectrum_key"))
        extra = found.fates.loc[found.members, ["status", "review_status", "distance"]].reset_index(drop=True)
        members.append(pd.concat([own.iloc[found.members].reset_index(drop=True), extra], axis=1))
        spectra.append(found.spectra)
        if found.network is not None:
            history.append(found.network.history.assign(luminosity_class=kind))
            rounds.append(found.network.rounds.assign(luminosity_class=kind))
    counts = {kind: sum(int((part["luminosity_class"] == kind).sum()) for part in members) for kind in ("dM", "gM")}
    check_members(counts, least)
    joined = SampleSpectra(*(np.concatenate([getattr(one, name) for one in spectra]) for name in SampleSpectra.ARRAYS))
    empty = pd.DataFrame({"luminosity_class": pd.Series(dtype=str)})
    tables = [pd.concat(parts, ignore_index=True) if parts else empty for parts in (members, fates, history, rounds)]
    return GoldenSample(tables[0], joined, *tables[1:])


def check_members(members: Mapping[str, int], least: int) -> None:
    """Refuse a sample that no engine can use.

    Parameters
    ----------
    members : mapping
        Number by class.
    least : int
        That each class needs.

    Raises
    ------
    InputError
        Names the class and what to do.
    """
    few = [f"{number} {kind}" for kind, number in members.items() if number < least]
    if few:
        raise InputError(
            f"golden sample: {', '.join(few)} stars, at least {least} are needed; give more catalogues "
            "(engines.laspm.golden.labels, compare.catalogs), loosen engines.laspm.golden.selection, or take "
            "engines.laspm.library: labelled"
        )


def tested_members(labels: pd.DataFrame, fates: pd.DataFrame) -> pd.DataFrame:
    """Labels (``_x``) of members that the network has tested, and what it says of them (``_y``)."""
    own = labels.merge(fates[fates["stage"] == MEMBER], on="spectrum_key", suffixes=("", "_fate"))
    columns = {f"{label}_x": own[label] for label in LABELS}
    return pd.DataFrame(columns | {f"{label}_y": own[f"predicted_{label}"] for label in LABELS})
