"""The value-added catalogue (Table 1), with total errors and the flags of sections 4.3 and 4.5."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from mstars.engines.csn.info import INFO
from mstars.engines.csn.repeats import repeat_fit, total_error
from mstars.files.external_tables import Column, read_external

COLUMNS = (
    *("ID", "obsid", "RA", "Dec", "SNRr", "SNRi", "Subclass", "SpT", "Gmag", "BPmag", "RPmag", "Plx", "e_Plx"),
    *("RUWE", "RV", "e_RV", "Teff", "e_Teff", "Logg", "e_logg", "[M/H]", "e_[M/H]", "Activity", "VBFlag"),
)
"""Of Table 1, in its order. Plx and e_Plx are in mas; the table's pc is a slip. What is not known is null."""

_PRINTED = {"teff": "Teff", "logg": "Logg", "m_h": "[M/H]"}
_ERRORS = {"teff": "e_Teff", "logg": "e_logg", "m_h": "e_[M/H]"}
_FROM_CATALOG = {"ra": "RA", "dec": "Dec", "snrr": "SNRr", "snri": "SNRi", "subclass": "Subclass", "rv": "RV"}
_FROM_GAIA = {
    **{"star_id": "ID", "phot_g_mean_mag": "Gmag", "phot_bp_mean_mag": "BPmag", "phot_rp_mean_mag": "RPmag"},
    **{"parallax": "Plx", "parallax_error": "e_Plx", "ruwe": "RUWE"},
}


def value_added(
    parameters: pd.DataFrame,
    flags: pd.DataFrame,
    m_catalog: pd.DataFrame,
    gaia: pd.DataFrame,
    indices: pd.DataFrame,
    *,
    variables: Collection[int] = (),
    binaries: Collection[int] = (),
    form: str = "pairs",
) -> tuple[pd.DataFrame, dict]:
    """The catalogue of the spectra whose parameters are recommended.

    Parameters
    ----------
    parameters : pandas.DataFrame
        parameters/csn.parquet. Its rv_shift, where there is one (``fit.rv: own``), is added to the velocity.
    flags : pandas.DataFrame
        spectrum_key, parameter_flag: quality/csn.parquet, which has the cuts of section 4.
    m_catalog : pandas.DataFrame
        m_catalog_v3.
    gaia : pandas.DataFrame
        crossmatch/gaia.parquet.
    indices : pandas.DataFrame
        spectrum_key, subtype_tio5, active: of the extension.
    variables, binaries : collection of int
        Gaia source_id of candidates. A star of both is a binary.
    form : str
        Of `mstars.engines.csn.repeats.repeat_fit`.

    Returns
    -------
    table : pandas.DataFrame
        spectrum_key and `COLUMNS`.
    repeats : dict
        Of `repeat_fit` by label and for ``rv``.
    """
    kept = flags.loc[flags["parameter_flag"] == 1, ["spectrum_key"]]
    table = kept.merge(parameters, on="spectrum_key", validate="1:1")
    table = table.merge(m_catalog[["spectrum_key", "obsid", "rv_err", *_FROM_CATALOG]], on="spectrum_key", how="left")
    table = table.merge(gaia[["spectrum_key", "source_id", *_FROM_GAIA]], on="spectrum_key", how="left")
    table = table.merge(indices[["spectrum_key", "subtype_tio5", "active"]], on="spectrum_key", how="left")
    star, snr = table["star_id"].astype(str).to_numpy(), table["snri"].to_numpy(dtype=float)
    if "rv_shift" in table:  # with fit.rv: own
        table["rv"] = table["rv"] + table["rv_shift"].fillna(0.0)
    repeats = {name: repeat_fit(table[name].to_numpy(dtype=float), star, snr, form) for name in (*INFO.labels, "rv")}
    for label in INFO.labels:
        table[_PRINTED[label]] = table[label]
        table[_ERRORS[label]] = total_error(table[f"{label}_err"].to_numpy(dtype=float), snr, repeats[label])
    table["e_RV"] = total_error(table["rv_err"].to_numpy(dtype=float), snr, repeats["rv"])
    table = table.rename(columns=_FROM_CATALOG | _FROM_GAIA | {"subtype_tio5": "SpT"})
    table["Activity"] = (table["active"].astype("boolean")).astype("Int64")
    table["VBFlag"] = candidates(table["source_id"], variables, binaries)
    return table[["spectrum_key", *COLUMNS]], repeats


_SOURCE = Column("source_id", ("Source", "GaiaDR3", "gaia_dr3", "dr3_source_id", "GaiaEDR3"), kind="id")


def read_candidates(paths: Sequence[str], key: str) -> set[int]:
    """Gaia source_id of some tables, of any format that external catalogues may have.

    Parameters
    ----------
    paths : sequence of path
    key : str
        Of the config, for messages.

    Raises
    ------
    InputError
        A table can't be read, or has no source_id.
    """
    return {int(one) for path in paths for one in read_external(path, (_SOURCE,), key)["source_id"].dropna()}


def candidates(source_id: pd.Series, variables: Collection[int], binaries: Collection[int]) -> np.ndarray:
    """VBFlag of section 4.5: 2 for a candidate binary, 1 for a candidate variable, 0 for others, [n]."""
    known = source_id.notna()
    number = pd.to_numeric(source_id, errors="coerce").fillna(-1).astype("int64")
    is_binary, is_variable = (known & number.isin(list(one)) for one in (binaries, variables))
    return np.select([is_binary, is_variable], [2, 1], 0)
