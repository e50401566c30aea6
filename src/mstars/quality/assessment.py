"""The quality stage on whole tables: flags for every spectrum of m_catalog_v3."""

from __future__ import annotations

import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.quality.error_limits import fit_errors
from mstars.quality.ranges import TABLE_10, recompute_ranges, reliable_members
from mstars.quality.recommended import parameter_flags, rv_flag


def assess(
    m_catalog: pd.DataFrame,
    parameters: pd.DataFrame,
    photometry: pd.DataFrame,
    apogee: pd.DataFrame,
    *,
    settings: dict,
) -> tuple[pd.DataFrame, dict, dict]:
    """Flags of section 4.1.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3: spectrum_key, obsdate, luminosity_class, rv (km/s), snru..snrz.
    parameters : pandas.DataFrame
        An engine's table.
    photometry, apogee : pandas.DataFrame
        CMD_pos and ASPCAP_CLASS by spectrum_key, for the reliable members.
    settings : dict
        The config section ``quality``.

    Returns
    -------
    table : pandas.DataFrame
        spectrum_key, rv_flag, parameter_flag, parameter_reasons, passed (Eq. 4), in the catalogue's order.
    fits : dict
        Of Eq. 3.
    ranges : dict
        ``used`` (by parameter_flag), ``table_10`` and ``recomputed``, with the number of reliable ``members``.
    """
    columns = ["spectrum_key", *LABELS, *(f"{label}_err" for label in LABELS), "flag"]
    table = m_catalog.rename(columns={f"snr{band}": f"snr_{band}" for band in "ugriz"})
    keep = ["spectrum_key", "obsdate", "luminosity_class", "rv", *(f"snr_{band}" for band in "ugriz")]
    table = table[keep].merge(parameters[columns], on="spectrum_key", how="left", validate="1:1")
    bits = table["flag"].fillna(0).astype(int)
    table["no_rv"], table["simulation_trained"] = bits & EngineFlag.NO_RV > 0, bits & EngineFlag.SIMULATION_TRAINED > 0
    fits = fit_errors(table, sigma=settings["sigma"], min_rows=settings["min_rows"])
    table["passed"] = parameter_flags(table, fits, TABLE_10)["passed"]
    for other in (photometry, apogee):
        table = table.merge(other.drop_duplicates("spectrum_key"), on="spectrum_key", how="left")
    members = table[reliable_members(table) & (bits & EngineFlag.TRAINING_STAR > 0).to_numpy()]
    recomputed = recompute_ranges(members, min_members=settings["range_min_members"])
    used = TABLE_10 if settings["ranges"] == "table_10" else recomputed
    flags = parameter_flags(table, fits, used)
    result = pd.DataFrame(
        {
            "spectrum_key": table["spectrum_key"],
            "rv_flag": rv_flag(table["rv"], table["obsdate"], settings["rv_cut"]),
        }
    ).join(flags[["parameter_flag", "parameter_reasons", "passed"]])
    counts = {kind: int((members["luminosity_class"] == kind).sum()) for kind in TABLE_10}
    ranges = {"used": used, "table_10": TABLE_10, "recomputed": recomputed, "members": counts}
    return result, fits, ranges
