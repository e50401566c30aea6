"""The quality stage on whole tables: flags for every spectrum of m_catalog_v3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.snr import SNR_CATALOG
from mstars.quality.error_limits import fit_errors
from mstars.quality.ranges import recompute_ranges, reliable_members
from mstars.quality.recommended import parameter_flags, rv_flag
from mstars.spectra.arms import ARMS

CATALOG_COLUMNS = ["spectrum_key", "luminosity_class", *SNR_CATALOG]
"""Columns of m_catalog_v3 that `assess_parameters` takes."""


@dataclass(frozen=True)
class Measured:
    """What an engine measures, as far as its parameters are judged by it.

    Attributes
    ----------
    labels : sequence of str
    ranges : mapping
        Where the labels are recommended, as `mstars.quality.ranges.TABLE_10`.
    clearing : mapping
        Bits of the engine's flag, by name, with which nothing is recommended.
    with_errors : bool
        Whether the engine has errors; without, Eqs. 3 and 4 are left out.
    arms : sequence of str
        Arms of the spectrograph that it needs (`mstars.spectra.arms.arms_of`).
    """

    labels: Sequence[str]
    ranges: Mapping
    clearing: Mapping[str, int]
    with_errors: bool
    arms: Sequence[str] = tuple(ARMS)

    @property
    def columns(self) -> list[str]:
        """Columns of the engine's table that are judged."""
        return ["spectrum_key", *self.labels, *(f"{label}_err" for label in self.labels), "flag"]


def assess_parameters(
    m_catalog: pd.DataFrame,
    parameters: pd.DataFrame,
    photometry: pd.DataFrame,
    apogee: pd.DataFrame,
    spectra: pd.DataFrame,
    *,
    measured: Measured,
    settings: dict,
) -> tuple[pd.DataFrame, dict]:
    """Flags of section 4.1 for the parameters of one engine.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, luminosity_class, snru..snrz.
    parameters : pandas.DataFrame
        The engine's table.
    photometry, apogee : pandas.DataFrame
        CMD_pos and ASPCAP_CLASS by spectrum_key, for the reliable members.
    spectra : pandas.DataFrame
        What ingest has found of the files: spectrum_key, missing_arm. Without an arm that the engine needs nothing is
        recommended.
    measured : Measured
    settings : dict
        The config section ``quality``.

    Returns
    -------
    table : pandas.DataFrame
        spectrum_key, parameter_flag, parameter_reasons, passed (Eq. 4), in the catalogue's order.
    summary : dict
        ``fits`` of Eq. 3; ``ranges``: ``used`` (by parameter_flag), ``published`` and ``recomputed``, with the number
        of reliable ``members``.
    """
    labels, ranges = measured.labels, measured.ranges
    table, bits = _joined(m_catalog, parameters, measured)
    table = table.merge(spectra[["spectrum_key", "missing_arm"]], on="spectrum_key", how="left", validate="1:1")
    missing = table.pop("missing_arm").fillna("")
    lacking = {f"no_{arm}_arm": missing.str.contains(arm) for arm in measured.arms}
    table = table.assign(**lacking)
    options = {"labels": labels, "clearing": [*measured.clearing, *lacking], "with_errors": measured.with_errors}
    fits = {}
    if measured.with_errors:
        fits = fit_errors(table, sigma=settings["sigma"], min_rows=settings["min_rows"], labels=labels)
    table["passed"] = parameter_flags(table, fits, ranges, **options)["passed"]
    for other in (photometry, apogee):
        table = table.merge(other.drop_duplicates("spectrum_key"), on="spectrum_key", how="left")
    members = table[reliable_members(table) & (bits & EngineFlag.TRAINING_STAR > 0).to_numpy()]
    recomputed = recompute_ranges(members, min_members=settings["range_min_members"], published=ranges)
    used = recomputed if settings["ranges"] == "recomputed" else ranges
    flags = parameter_flags(table, fits, used, **options)
    counts = {kind: int((members["luminosity_class"] == kind).sum()) for kind in ranges}
    found = {"used": used, "published": ranges, "recomputed": recomputed, "members": counts}
    result = table[["spectrum_key"]].join(flags[["parameter_flag", "parameter_reasons", "passed"]])
    return result, {"fits": fits, "ranges": found}


def _joined(m_catalog: pd.DataFrame, parameters: pd.DataFrame, measured: Measured) -> tuple[pd.DataFrame, pd.Series]:
    """The catalogue with the parameters and a column for each clearing bit; the bits."""
    table = m_catalog[CATALOG_COLUMNS].rename(columns=SNR_CATALOG)
    table = table.merge(parameters[measured.columns], on="spectrum_key", how="left", validate="1:1")
    bits = table["flag"].fillna(0).astype(int)
    return table.assign(**{name: bits & bit > 0 for name, bit in measured.clearing.items()}), bits


def quality_table(m_catalog: pd.DataFrame, flags: pd.DataFrame, spectra: pd.DataFrame, rv_cut: str) -> pd.DataFrame:
    """What is recommended of every spectrum: its velocity, and the parameters of the engine that fills the catalogue.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, rv (km/s), obsdate.
    flags : pandas.DataFrame
        `assess_parameters` of the engine.
    spectra : pandas.DataFrame
        What ingest has found of the files: spectrum_key, frame.
    rv_cut : str
        The last day whose wavelengths are doubtful, YYYY-MM-DD.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, rv_flag, parameter_flag, parameter_reasons, passed, in the catalogue's order.
    """
    frame = m_catalog[["spectrum_key"]].merge(spectra, on="spectrum_key", how="left", validate="1:1")["frame"]
    velocity = rv_flag(m_catalog["rv"], m_catalog["obsdate"], rv_cut, frame)
    table = pd.DataFrame({"spectrum_key": m_catalog["spectrum_key"], "rv_flag": velocity})
    return table.merge(flags, on="spectrum_key", how="left", validate="1:1")
