"""The numbers that Du et al. 2024 print (``resources/papers/du2024_numbers.csv``), as this survey has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.resources import resource, resource_table
from mstars.engines.laspm.golden.labels import LABELS, gaussian_fit, shifted_pairs
from mstars.engines.laspm.golden.sample import MEMBER, tested_members
from mstars.files.external_tables import Column, read_external
from mstars.paper.figures.laspm import deviations
from mstars.paper.rendering import Table

STAR_PARAMETERS = (Column("teff", unit="K"), Column("logg"))
"""What LAMOST's catalogue of A, F, G and K stars says of them (LASP)."""


def warm_stars(path: str | Path) -> pd.DataFrame:
    """Parameters of A, F, G and K stars for Figure 15: teff (K), logg; stars without both are left out.

    Parameters
    ----------
    path : path
        ``release.afgk_catalog``.

    Raises
    ------
    InputError
        The file has no such columns.
    """
    table = read_external(path, STAR_PARAMETERS, "release.afgk_catalog")
    return table[(table["teff"] > 0) & (table["logg"] > -9)].reset_index(drop=True)


def sample_numbers(labels: pd.DataFrame, fates: pd.DataFrame, offsets: pd.DataFrame) -> dict[str, float]:
    """Counts, offsets and the network's test of the golden sample.

    Parameters
    ----------
    labels, fates, offsets : pandas.DataFrame
        golden/labels, fates and offsets.
    """
    found = {
        "n_candidates": float((labels["source"] != "").sum()),
        "n_clusters": float(fates["stage"].isin([MEMBER, "doubles", "network"]).sum()),
        "n_members": float((fates["stage"] == MEMBER).sum()),
    }
    for row in offsets[offsets["used"].astype(bool)].itertuples():
        found[f"offset_{row.source}_{row.luminosity_class}_{row.label}"] = row.mean
    tested = tested_members(labels, fates)
    return found | {f"test_{label}": _sigma(tested[f"{label}_y"] - tested[f"{label}_x"]) for label in LABELS}


def precision_numbers(leave_one_out: pd.DataFrame, repeats: pd.DataFrame) -> dict[str, float]:
    """Scatter of members measured without themselves, and of repeats.

    Parameters
    ----------
    leave_one_out : pandas.DataFrame
        For each label ``_oof`` and ``_true`` of the members.
    repeats : pandas.DataFrame
        star_id, snri and the labels of all spectra.
    """
    off = deviations(repeats)
    found = {f"loo_{label}": _sigma(leave_one_out[f"{label}_oof"] - leave_one_out[f"{label}_true"]) for label in LABELS}
    return found | {f"repeat_{label}": _sigma(off[label]) for label in LABELS}


def catalogue_numbers(
    parameters: pd.DataFrame, starhorse: pd.DataFrame, aspcap: pd.DataFrame, offsets: pd.DataFrame
) -> dict[str, float]:
    """LASPM beside StarHorse and beside ASPCAP, shifted as for the sample.

    Parameters
    ----------
    parameters : pandas.DataFrame
        parameters/laspm.
    starhorse, aspcap : pandas.DataFrame
        luminosity_class, spectrum_key and ``{label}_catalog`` of spectra in common.
    offsets : pandas.DataFrame
        golden/offsets.
    """
    found = {}
    pairs = shifted_pairs(parameters, starhorse, offsets, "starhorse", ("dM", "gM"))
    for label in LABELS:
        fit = gaussian_fit((pairs[f"{label}_y"] - pairs[f"{label}_x"]).to_numpy(dtype=float))
        found |= {f"starhorse_{label}_mean": fit.mean, f"starhorse_{label}_sigma": fit.sigma}
    for kind in ("dM", "gM"):
        pairs = shifted_pairs(parameters, aspcap, offsets, "aspcap_dr17", (kind,))
        found |= {f"aspcap_{kind}_{label}_sigma": _sigma(pairs[f"{label}_y"] - pairs[f"{label}_x"]) for label in LABELS}
    return found


def _sigma(values: pd.Series) -> float:
    return gaussian_fit(values.to_numpy(dtype=float)).sigma


def du2024_table(ours: Mapping[str, float], survey: str, simulated: bool) -> Table:
    """The paper's numbers beside ours.

    Parameters
    ----------
    ours : mapping of str to float
        By key; one that is missing stays empty.
    survey : str
    simulated : bool
    """
    table = resource_table(resource("papers/du2024_numbers.csv"), dtype={"section": str}, keep_default_na=False)
    paper = pd.to_numeric(table["paper"]).to_numpy(dtype=float)
    own = np.array([float(ours.get(key, np.nan)) for key in table["key"]])
    signed, counts = ((table["compared"] == one).to_numpy() for one in ("difference", "count"))
    first = {key: value[(table["key"] == "n_candidates").to_numpy()][0] for key, value in (("p", paper), ("o", own))}
    ratio = np.where(signed, np.nan, own / paper)
    ratio = np.where(counts, ratio * first["p"] / first["o"], ratio)
    rows = [
        [row.product, row.section, row.description, row.unit, paper[k], own[k], ratio[k], (own - paper)[k]]
        if signed[k]
        else [row.product, row.section, row.description, row.unit, paper[k], own[k], ratio[k], np.nan]
        for k, row in enumerate(table.itertuples())
    ]
    notes = (
        "Counts are compared as shares of the stars with labels. What may have either sign is compared by the "
        "difference.",
        "The test of the network and the members without themselves are selected: stars that did not agree have left. "
        "They are no accuracy.",
    )
    if simulated:
        notes = ("SIMULATED survey: the catalogues are planted.", *notes)
    heads = ("product", "section", "what", "unit", "paper", "ours", "ours / paper", "ours - paper")
    return Table(f"The numbers of Du et al. 2024 and those of survey {survey}", heads, rows, notes)
