"""Tables 1 to 4 of Li et al. 2021, and its numbers beside ours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.resources import resource, resource_table
from mstars.paper.rendering import Table, number_text

_COLUMNS = (
    ("source_id", "", "Gaia identifier"),
    ("obsid", "", "LAMOST identifier of the spectrum"),
    ("snri", "", "S/N in the i band"),
    ("teff_bt", "K", "TEFF_BT: Teff by the theory grid's model"),
    ("teff_bt_err", "K", "its error"),
    ("teff", "K", "TEFF_AP: Teff by the model of APOGEE's labels"),
    ("teff_cv_err", "K", "its error: scatter of the cross-validation at this S/N"),
    ("m_h", "dex", "M_H_AP: [M/H] by the model of APOGEE's labels"),
    ("m_h_cv_err", "dex", "its error"),
)
"""Columns of Tables 2 and 4: ours, unit, what it is."""
_SHOWN = 21
"""Rows of Table 4, as many as the paper prints."""


def names_table() -> Table:
    """Which parameter comes from which training set (Table 1)."""
    rows = [("effective temperature", "TEFF_AP (teff)", "TEFF_BT (teff_bt)"), ("metallicity", "M_H_AP (m_h)", "-")]
    return Table(
        "Table 1. Names of the parameters of Li et al. 2021", ("parameter", "APOGEE's labels", "theory grid"), rows
    )


def columns_table() -> Table:
    """Columns of the catalogue (Table 2)."""
    return Table(
        "Table 2. Columns of the catalogue of Li et al. 2021", ("column", "unit", "description"), list(_COLUMNS)
    )


def clusters_table(clusters: pd.DataFrame) -> Table:
    """Clusters: mean [M/H] beside another work's (Table 3)."""
    rows = [
        (one.cluster, number_text(one.m_h, 2), number_text(one.m_h_std, 2), number_text(one.feh, 2), one.stars)
        for one in clusters.itertuples()
    ]
    heads = ("cluster", "mean M_H_AP", "std", "[Fe/H]", "stars")
    notes = () if rows else ("No cluster members in this survey.",)
    return Table("Table 3. Metallicities of clusters (Li et al. 2021)", heads, rows, notes)


def catalogue_table(sample: pd.DataFrame) -> Table:
    """First rows of the catalogue (Table 4): both temperatures within 2800 to 4500 K."""
    shown = sample[sample["selected"] & sample["bt_inside"]].head(_SHOWN)
    digits = {"teff": 0, "teff_bt": 0, "teff_cv_err": 0, "teff_bt_err": 0, "m_h": 2, "m_h_cv_err": 2, "snri": 0}
    rows = []
    for _, one in shown.iterrows():
        values = ((name, one[name]) for name, *_ in _COLUMNS)
        rows.append([number_text(value, digits[name]) if name in digits else str(value) for name, value in values])
    return Table("Table 4. The catalogue of Li et al. 2021: first rows", tuple(name for name, *_ in _COLUMNS), rows)


def numbers_table(ours: Mapping[str, float], survey: str, simulated: bool) -> Table:
    """The numbers of Li et al. 2021 and those of a survey.

    Parameters
    ----------
    ours : mapping
        Of `mstars.paper.li2021.li2021_numbers`.
    survey : str
    simulated : bool
    """
    table = resource_table(resource("papers/li2021_numbers.csv"), dtype={"section": str}, keep_default_na=False)
    rows = []
    for one in table.assign(paper=pd.to_numeric(table["paper"])).itertuples():
        value = float(ours.get(one.key, np.nan))
        rows.append(
            (
                one.product,
                one.section,
                one.description,
                one.unit,
                one.paper if np.isfinite(one.paper) else "",
                number_text(value, 3) if np.isfinite(value) else "",
            )
        )
    notes = ("Ours are medians and robust scatters; labelled stars by models that have not seen them.",)
    if simulated:
        notes = ("SIMULATED survey: the literature and the theory grid are planted.", *notes)
    heads = ("product", "section", "what", "unit", "paper", "ours")
    return Table(f"The numbers of Li et al. 2021 and those of survey {survey}", heads, rows, notes)
