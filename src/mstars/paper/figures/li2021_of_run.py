"""Which files of a run each figure and table of Li et al. 2021 is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from safetensors.numpy import load_file

from mstars.core.errors import InputError
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.literature.groups import read_clusters
from mstars.paper import li2021, li2021_tables
from mstars.paper.figures import li2021 as figures
from mstars.paper.rendering import Table


def draw(number: str, given: Any) -> Figure:
    """A figure.

    Parameters
    ----------
    number : str
        fig01 to fig09.
    given : mapping
        Files by name: sample, photometry, m_catalog, search, arrays and stars (of the search's folder), weights (of
        the part ``all``), clusters, metallicities, binaries; empty lists where there are none.

    Returns
    -------
    matplotlib.figure.Figure
    """
    sample = read_table(given["sample"])
    simple = {
        "fig03": figures.draw_temperatures,
        "fig04": figures.draw_galgano,
        "fig05": figures.draw_metallicities,
        "fig06": figures.draw_hrd,
        "fig07": figures.draw_hyades,
    }
    if number in simple:
        return simple[number](sample)
    if number == "fig01":
        return figures.draw_cmd(sample, _giants(given))
    if number == "fig02":
        return figures.draw_cross_validation(read_table(given["stars"]), _theory_cv(given), _curves(given))
    if number == "fig08":
        return figures.draw_clusters(_clusters(sample, given), _clusters(sample, given, li2021.cluster_stars))
    if number == "fig09":
        return figures.draw_binaries(_pairs(sample, given))
    raise InputError(f"{number}: Li et al. 2021 have fig01 to fig09")


def table(name: str, given: Any, survey: str, simulated: bool) -> Table:
    """A table: tab01_names, tab02_columns, tab03_clusters, tab04_catalogue or numbers; ``given`` as for `draw`."""
    if name == "tab01_names":
        return li2021_tables.names_table()
    if name == "tab02_columns":
        return li2021_tables.columns_table()
    sample = read_table(given["sample"])
    if name == "tab03_clusters":
        return li2021_tables.clusters_table(_clusters(sample, given))
    if name == "tab04_catalogue":
        return li2021_tables.catalogue_table(sample)
    ours = li2021.li2021_numbers(sample, _curves(given), _theory_cv(given), _pairs(sample, given))
    return li2021_tables.numbers_table(ours, survey, simulated)


def _giants(given) -> pd.DataFrame:
    catalog = read_table(given["m_catalog"], ["spectrum_key", "luminosity_class"])
    giants = catalog[catalog["luminosity_class"] == "gM"]
    return giants.merge(read_table(given["photometry"], ["spectrum_key", "bp_rp_0", "M_G_0"]), on="spectrum_key")


def _theory_cv(given) -> np.ndarray:
    if not given["weights"]:
        return np.empty((0, 5))
    return load_file(given["weights"]).get("theory_cv", np.empty((0, 5)))


def _curves(given) -> dict[str, tuple[float, float, float]]:
    labels = read_json(given["search"])["about"]["labels"]
    return {label: tuple(one) for label, one in zip(labels, load_file(given["arrays"])["curves"], strict=True)}


def _clusters(sample, given, table=li2021.cluster_members) -> pd.DataFrame:
    if not (given["clusters"] and given["metallicities"]):
        return pd.DataFrame(columns=["cluster", "m_h", "m_h_std", "stars", "feh", "feh_err"])
    return table(sample, read_clusters(given["clusters"]), pd.read_csv(given["metallicities"]))


def _pairs(sample, given) -> pd.DataFrame:
    if not given["binaries"]:
        return pd.DataFrame(columns=["m_h_1", "m_h_2", "error_1", "error_2", "normalised"])
    return li2021.binary_pairs(sample, pd.read_csv(given["binaries"]))
