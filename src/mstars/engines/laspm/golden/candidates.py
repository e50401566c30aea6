"""Candidates of the golden sample: the primary sample and the supplement with their labels, all other spectra with the
reason why they are none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.labels import LABELS, Transferred, transfer_labels
from mstars.engines.laspm.golden.selection import GAIA_MARKS, reasons_against
from mstars.files.external_tables import Column, read_external
from mstars.parameters.apogee_filter import apogee_labels

APOGEE = "apogee"
"""The source that is the survey's own crossmatch."""

_GAIA = ("source_id", "ruwe", "phot_g_mean_flux_over_error", "phot_bp_mean_flux_over_error")
_GAIA += ("phot_rp_mean_flux_over_error", "bp_rp", "phot_g_mean_mag", *GAIA_MARKS)


@dataclass
class GoldenLabels:
    """Every M-type spectrum, with labels or the reason why it has none.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a spectrum of m_catalog_v3: spectrum_key, luminosity_class, star_id, source_id, obsid, ra, dec, batch,
        row, rv, snri, bp_rp_0, M_G_0, primary (in the primary sample), source ('' for no candidate), supplement,
        reason, the labels with ``_label_err``.
    offsets, differences : pandas.DataFrame
        Of `Transferred`, with luminosity_class.
    bands : dict
        By class: the steps and coefficients of the band in the colour-magnitude diagram.
    warnings : list of str
    """

    table: pd.DataFrame
    offsets: pd.DataFrame
    differences: pd.DataFrame
    bands: dict
    warnings: list[str]


def read_source_ids(paths: Sequence[str], key: str) -> set[int]:
    """Gaia source_ids of local lists; ``key`` is the config's, for messages."""
    column = Column("source_id", ("SOURCE_ID", "GaiaDR3", "gaia_source_id"), kind="id")
    return {int(one) for path in paths for one in read_external(path, (column,), key)["source_id"].dropna()}


def golden_labels(
    m_catalog: pd.DataFrame,
    photometry: pd.DataFrame,
    stars: pd.DataFrame,
    apogee: pd.DataFrame,
    spectra: pd.DataFrame,
    catalogues: Mapping[str, pd.DataFrame],
    settings: Mapping,
    *,
    binaries: Collection[int] = (),
    variables: Collection[int] = (),
) -> GoldenLabels:
    """Select and label the candidates.

    Parameters
    ----------
    m_catalog, photometry, stars, apogee, spectra : pandas.DataFrame
        m_catalog_v3; crossmatch/photometry, gaia and apogee; ingest/spectra.
    catalogues : mapping of str to pandas.DataFrame
        By name: spectrum_key and ``{label}_catalog`` of the spectra that the catalogue has.
    settings : mapping
        Section ``engines.laspm.golden``.
    binaries, variables : collection of int

    Raises
    ------
    InputError
        No candidate is left; the message counts the reasons.
    """
    wanted = ["spectrum_key", "obsid", "ra", "dec", "luminosity_class", "rv", "snri"]
    table = m_catalog[wanted].merge(photometry[["spectrum_key", "r_med_geo", "bp_rp_0", "M_G_0"]], on="spectrum_key")
    table = table.merge(stars[["spectrum_key", "star_id", *_GAIA]], on="spectrum_key")
    table = table.merge(spectra[["spectrum_key", "batch", "row"]], on="spectrum_key", how="left")
    parts, offsets, differences, bands, warnings = [], [], [], {}, _without_marks(stars, settings["selection"])
    for kind in ("dM", "gM"):
        own = table[table["luminosity_class"] == kind].reset_index(drop=True)
        reason, band = reasons_against(
            own, settings["selection"], kind, binaries=binaries, variables=variables
        )  # fmt: skip
        found = _labels_of(own, (reason == "").to_numpy(), kind, catalogues, apogee, settings["labels"])
        parts.append(_with_labels(own, reason, found))
        offsets.append(found.offsets.assign(luminosity_class=kind))
        differences.append(found.differences.assign(luminosity_class=kind))
        warnings += found.warnings
        bands[kind] = {
            "steps": band.steps.to_dict("list"), "coefficients": band.coefficients.tolist(), "width": band.width
        }  # fmt: skip
    columns = ["spectrum_key", "luminosity_class", "star_id", "source_id", "obsid", "ra", "dec", "batch", "row", "rv"]
    columns += ["snri", "bp_rp_0", "M_G_0", "primary", "source", "supplement", "reason"]
    columns += [*LABELS, *(f"{label}_label_err" for label in LABELS)]
    joined = pd.concat(parts, ignore_index=True).sort_values("spectrum_key", kind="stable", ignore_index=True)
    if not (joined["source"] != "").any():
        reasons = joined["reason"].value_counts().head(5)
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        raise InputError(f"golden sample: no candidate ({told}); see engines.laspm.golden, or engines.laspm.library")
    heads = {"source": str, "label": str, "difference": float, "luminosity_class": str}
    differences = pd.concat(differences, ignore_index=True).astype(heads)
    return GoldenLabels(joined[columns], pd.concat(offsets, ignore_index=True), differences, bands, warnings)


def _without_marks(stars: pd.DataFrame, settings: Mapping) -> list[str]:
    """What to say of cuts that Gaia's file has no column for."""
    known = (stars["source_id"].notna()).to_numpy()
    warnings = []
    for column, key in GAIA_MARKS.items():
        values = stars.loc[known, column]
        if settings[key] and (values.isna() | (values.astype(str) == "")).all():
            warnings.append(f"no {column} in external.gaia: engines.laspm.golden.selection.{key} has no effect")
    return warnings


def _labels_of(own, selected, kind, catalogues, apogee, settings) -> Transferred:
    """Labels of a class on the reference's scale."""
    sources, missing = {}, []
    for name in settings[kind]:
        if name == APOGEE:
            sources[name] = _aligned(own, apogee_labels(apogee), "")
        elif name in catalogues:
            sources[name] = _aligned(own, catalogues[name], "_catalog")
        else:
            missing.append(name)
    warnings = [f"{kind}: no catalogue {name}" for name in missing]
    if not sources:
        sources[APOGEE] = _aligned(own, apogee_labels(apogee), "")
        warnings.append(f"{kind}: none of the catalogues is there; labels are those of the survey's APOGEE stars")
    reference = settings["reference"]
    if reference is not None and reference not in catalogues:
        warnings.append(f"{kind}: no reference catalogue {reference}")
    found = transfer_labels(
        sources,
        _aligned(own, catalogues[reference], "_catalog") if reference in catalogues else None,
        selected=selected,
        precise=_precise(own, apogee, settings),
        agree=settings[f"agree_{kind}"],
        least_common=settings["least_common"],
        kind=kind,
    )
    found.warnings[:0] = warnings
    return found


def _aligned(own: pd.DataFrame, labels: pd.DataFrame, suffix: str) -> pd.DataFrame:
    """Labels of a catalogue in the order of our rows; NaN where it has none."""
    names = {f"{label}{suffix}": label for label in LABELS}
    theirs = labels.drop_duplicates("spectrum_key")[["spectrum_key", *names]].rename(columns=names)
    return own[["spectrum_key"]].merge(theirs, on="spectrum_key", how="left")[list(LABELS)].astype(float)


def _precise(own: pd.DataFrame, apogee: pd.DataFrame, settings: Mapping) -> np.ndarray:
    """Stars of the supplement: bright, with small errors in APOGEE, of usable spectra. Bool [n]."""
    labels = apogee_labels(apogee).drop_duplicates("spectrum_key")
    errors = own[["spectrum_key"]].merge(labels, on="spectrum_key", how="left")
    errors = errors[[f"{label}_label_err" for label in LABELS]].to_numpy(dtype=float)
    usable = own["row"].notna() & np.isfinite(own["rv"].to_numpy(dtype=float))
    bright = own["snri"].to_numpy(dtype=float) > settings["supplement_snri"]
    best = ~own.sort_values("snri", ascending=False, kind="stable").duplicated("star_id").sort_index()
    return usable.to_numpy() & bright & (errors < settings["supplement_error"]).all(axis=1) & best.to_numpy()


def _with_labels(own: pd.DataFrame, reason: pd.Series, found: Transferred) -> pd.DataFrame:
    chosen, primary = found.table.set_index(own.index), reason == ""
    taken = chosen["source"] != ""
    why = reason.where(~primary, chosen["reason"]).where(~taken, "")
    table = own.assign(primary=primary, source=chosen["source"].astype(str), supplement=taken & ~primary, reason=why)
    return table.assign(**{name: chosen[name] for name in (*LABELS, *(f"{label}_label_err" for label in LABELS))})
