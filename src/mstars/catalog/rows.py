"""Rows of the catalogues: the tables of all stages joined, and a check that no spectrum is lost."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from mstars.catalog.columns import ProductColumn
from mstars.core.bands import ORP
from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.files.tables import among, rows_of

KEY = "spectrum_key"
CLASSIFICATION_COLUMNS = (
    "spectrum_key", "filename", "obsid", "plate", "spt_class", "spt_prob", "wdm_class", "wdm_prob", "dmgm_class",
    "dmgm_prob", "cmd_pos", "candidate_reasons", "review_status", "final_class",
)  # fmt: skip
CLASSIFICATION_NEEDS = frozenset(CLASSIFICATION_COLUMNS) | {
    "role", "stage", "label", "luminosity_class", "dgcm_reasons", "dgcm_status", "rv_review", "CMD_pos",
}  # fmt: skip
"""Columns of all tables that `classification_table` takes."""

_TEXT = ("spt_class", "wdm_class", "dmgm_class", "cmd_pos", "candidate_reasons", "review_status")
_STATUS = ("review_status", "dgcm_status", "rv_review")


def columns_joined(products: Iterable[ProductColumn]) -> set[str]:
    """Columns of the stages' tables that the rows of a product rest on.

    Parameters
    ----------
    products : iterable of ProductColumn
        Columns of the product.
    """
    own = {KEY, "star_id", "source_id", "rv_flag", "parameter_flag", *ORP, *_STATUS}
    errors = {f"{label}{end}" for label in LABELS for end in ("_err", "_calib_err")}
    return own | errors | {column.source for column in products}


def recommended_table(m_catalog, spectra, gaia, photometry, parameters, quality, errors="calibrated") -> pd.DataFrame:
    """Rows of the recommended catalogue under the names of the tables between rules (section 4.1, Table 9).

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v3.
    spectra : pandas.DataFrame
        Of ingest, with orp_*.
    gaia, photometry : pandas.DataFrame
        Of the crossmatch.
    parameters : pandas.DataFrame
        Of the engine that fills the catalogue.
    quality : pandas.DataFrame
        rv_flag and parameter_flag.
    errors : {'calibrated', 'spread'}
        Which errors take the plain names (``teff_err``).

    Returns
    -------
    pandas.DataFrame
        A row a row of ``m_catalog``.
    """
    parameters = named_errors(parameters, errors)
    table = m_catalog.assign(review_status=combined_status(m_catalog))
    table = _with_sky(table, spectra, gaia, photometry)
    table = _join(table, parameters.drop(columns=_shared(table, parameters)), "parameters")
    return _join(table, quality[[KEY, "rv_flag", "parameter_flag"]], "quality")


def named_errors(parameters: pd.DataFrame, errors: str) -> pd.DataFrame:
    """An engine's parameters with the errors under the names that the catalogue has.

    Parameters
    ----------
    parameters : pandas.DataFrame
        ``{label}_err``, the engine's own errors, and ``{label}_calib_err``, the calibrated ones.
    errors : {'calibrated', 'spread'}
        Which of the two takes the plain name ``{label}_err``.

    Returns
    -------
    pandas.DataFrame
        With ``{label}_spread``, the engine's own errors, beside ``{label}_err``.
    """
    spread = {f"{label}_spread": parameters[f"{label}_err"] for label in LABELS}
    table = parameters.assign(**spread)
    if errors == "calibrated":
        table = table.assign(**{f"{label}_err": parameters[f"{label}_calib_err"] for label in LABELS})
    return table


def non_m_table(non_m_v1, non_m_v2, spectra, gaia, photometry) -> pd.DataFrame:
    """Rows of the catalogue of spectra that are not of M stars.

    Parameters
    ----------
    non_m_v1, non_m_v2 : pandas.DataFrame
        What SCM and DGCM removed, with label, reason and review_status.
    spectra : pandas.DataFrame
        Of ingest: spectrum_key, orp_*.
    gaia, photometry : pandas.DataFrame
        Of the crossmatch.

    Raises
    ------
    InputError
        When a spectrum is in both.
    """
    parts = [part for part in (non_m_v1, non_m_v2) if len(part)] or [non_m_v1]
    table = pd.concat(parts, ignore_index=True)
    if table[KEY].duplicated().any():
        raise InputError(f"{table[KEY][table[KEY].duplicated()].iloc[0]} is in non_m_catalog_v1 and in v2; run again")
    return _with_sky(table, spectra, gaia, photometry)


def _with_sky(table, spectra, gaia, photometry) -> pd.DataFrame:
    table = _join(table.drop(columns=_shared(table, spectra[[KEY, *ORP]])), spectra[[KEY, *ORP]], "ingest/spectra")
    table = _join(table, gaia[[KEY, "star_id", "source_id"]], "crossmatch/gaia")
    return _join(table, photometry.drop(columns=_shared(table, photometry)), "crossmatch/photometry")


def _shared(table: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """Columns of the other table that this one has already."""
    return [name for name in other.columns if name in table.columns and name != KEY]


def _join(table: pd.DataFrame, other: pd.DataFrame, name: str) -> pd.DataFrame:
    """Left join by spectrum_key; a key twice in either is an error that names the table."""
    if not table[KEY].is_unique:
        raise InputError(f"spectrum_key {table[KEY][table[KEY].duplicated()].iloc[0]} is there twice in the catalogue")
    # columns put beside each other share memory with the tables; a merge would copy them all
    found = rows_of(other, table[KEY], f"{name}.parquet", all_there=False).drop(columns=KEY)
    return pd.concat([table.reset_index(drop=True), found], axis=1)


def combined_status(table: pd.DataFrame) -> pd.Series:
    """Review status over all queues: provisional where any decision is, else reviewed where any is, else empty."""
    statuses = table[[name for name in _STATUS if name in table.columns]].fillna("")
    provisional, reviewed = (statuses == "provisional").any(axis=1), (statuses == "reviewed").any(axis=1)
    status = pd.Series("", index=table.index, dtype=object)
    return status.mask(reviewed, "reviewed").mask(provisional, "provisional")


def classification_table(m_catalog_v0, rejected, m_catalog_v2, non_m_v1, non_m_v2, photometry) -> pd.DataFrame:
    """A row for every input spectrum: what the networks, the CMD and the reviewers said, and what it became.

    Parameters
    ----------
    m_catalog_v0 : pandas.DataFrame
        All candidates that the plan could use.
    rejected : pandas.DataFrame
        All rejected rows, with role (candidate, train) and stage (plan: not in ``m_catalog_v0``; ingest: in it).
    m_catalog_v2, non_m_v1, non_m_v2 : pandas.DataFrame
        Of SCM and DGCM.
    photometry : pandas.DataFrame
        spectrum_key, CMD_pos.

    Returns
    -------
    pandas.DataFrame
        `CLASSIFICATION_COLUMNS`. The rejected rows come last.

    Raises
    ------
    InputError
        When a spectrum is in no output or in two: M stars, non-M and rejected spectra must add up to the input.
    """
    rejected = rejected[rejected["role"] == "candidate"]
    parts = [
        m_catalog_v2.assign(final_class=m_catalog_v2["luminosity_class"]),
        non_m_v1.assign(final_class=non_m_v1["label"]),
        non_m_v2.assign(final_class=non_m_v2["label"]),
    ]
    decided = pd.concat(
        [_classified(part) for part in parts if len(part)] or [_classified(parts[0])], ignore_index=True
    )
    _check_conservation(m_catalog_v0, rejected, decided)
    table = _join(decided, m_catalog_v0[[KEY, "filename", "obsid", "plate"]], "m_catalog_v0")
    position = photometry[[KEY, "CMD_pos"]].rename(columns={"CMD_pos": "cmd_pos"})
    table = _join(table, position, "crossmatch/photometry").sort_values(KEY, ignore_index=True)
    lost = rejected.sort_values(["filename", KEY])[[KEY, "filename", "obsid", "plate"]].assign(final_class="rejected")
    table = pd.concat([table, lost], ignore_index=True).reindex(columns=list(CLASSIFICATION_COLUMNS))
    for name in _TEXT:
        table[name] = table[name].astype(object).where(table[name].notna(), "")
    for name in ("spt_prob", "wdm_prob", "dmgm_prob"):
        table[name] = table[name].astype("float64")
    return table.astype(
        {"obsid": "Int64"} | {name: "str" for name in (KEY, "filename", "plate", "final_class", *_TEXT)}
    )


def _classified(part: pd.DataFrame) -> pd.DataFrame:
    """The classification columns that a stage's catalogue has."""
    part = part.assign(review_status=combined_status(part), candidate_reasons=_all_reasons(part))
    for name in ("dmgm_class", "dmgm_prob"):
        if name not in part:
            part[name] = "" if name == "dmgm_class" else float("nan")
    names = [KEY, "final_class", "review_status", "candidate_reasons"]
    return part[[*names, *(f"{task}_{what}" for task in ("spt", "wdm", "dmgm") for what in ("class", "prob"))]]


def _all_reasons(part: pd.DataFrame) -> pd.Series:
    """SCM's reasons, then DGCM's with ``dgcm:`` before each."""
    first = part["candidate_reasons"].fillna("").astype(str)
    if "dgcm_reasons" not in part:
        return first
    second = part["dgcm_reasons"].fillna("").astype(str)
    second = ("dgcm:" + second.str.replace(";", ";dgcm:", regex=False)).where(second != "", "")
    return (first + ";" + second).str.strip(";")


def _check_conservation(m_catalog_v0: pd.DataFrame, rejected: pd.DataFrame, decided: pd.DataFrame) -> None:
    at_ingest = rejected.loc[rejected["stage"] != "plan", KEY]
    places = pd.concat([decided[KEY], at_ingest], ignore_index=True)
    known = m_catalog_v0[KEY]
    lost, extra = known[~among(known, places)], places[~among(places, known)]
    twice = places[places.duplicated()]
    for rows, what in ((lost, "in no output"), (twice, "in two outputs"), (extra, "in an output, not in the input")):
        if found := sorted(rows.unique()):
            raise InputError(
                f"{len(found)} spectra are {what}, the first is {found[0]}; delete the catalogs and run again"
            )
