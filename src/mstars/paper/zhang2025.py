"""The numbers that Zhang et al. 2025 print (``resources/papers/zhang2025_numbers.csv``), as this survey has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.resources import resource, resource_table
from mstars.core.robust import mad_std
from mstars.engines.csn.info import INFO
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.literature.engine_groups import FGK_M
from mstars.literature.engine_labels import APOGEE, Source, read_sources
from mstars.paper.figures.beside_surveys import (
    BINARIES,
    SURVEYS,
    common_velocities,
    literature_differences,
    stands_for,
)
from mstars.paper.figures.engine_pairs import rows_of
from mstars.paper.rendering import Table

LEAST_SNR = 5.0
"""S/N in r and i that candidates exceed (section 2.1)."""

BULK = {"teff": (3200.0, 4000.0), "m_h": (-0.75, 0.5)}
"""Where most stars are, for the emulator's error there; K, dex."""

_OTHERS = {**{title.lower(): names for title, names in SURVEYS.items()}, "apogee": ("aspcap_dr17", APOGEE)}
"""Sources of `mstars.literature.engine_labels` that stand for those of the paper: the first that there is."""


def catalogue_numbers(catalogue: pd.DataFrame, m_catalog: pd.DataFrame, gaia: pd.DataFrame) -> dict[str, float]:
    """Counts, velocities beside Gaia's, activity and subtypes.

    Parameters
    ----------
    catalogue : pandas.DataFrame
        catalogs/zhang2025.
    m_catalog : pandas.DataFrame
        m_catalog_v3: luminosity_class, snrr, snri.
    gaia : pandas.DataFrame
        spectrum_key, radial_velocity, radial_velocity_error, rv_expected_sig_to_noise.
    """
    bright = (m_catalog["snrr"] > LEAST_SNR) & (m_catalog["snri"] > LEAST_SNR)
    both = common_velocities(catalogue, gaia)
    off = (both["RV"] - both["radial_velocity"]).to_numpy()
    # LAMOST's subclass reads dM2 or M2
    subclass = pd.to_numeric(catalogue["Subclass"].astype(str).str.extract(r"M(\d+(?:\.\d+)?)")[0], errors="coerce")
    subtype = (catalogue["SpT"] - subclass).to_numpy(dtype=float)
    found = {
        "n_candidates": float((bright & (m_catalog["luminosity_class"] == "dM")).sum()),
        "n_catalogue": float(len(catalogue)),
        "n_stars": float(catalogue["ID"].nunique()),
        "n_active": float((catalogue["Activity"] == 1).sum()),
    }
    for name, values in (("rv_{}_gaia", off), ("subtype_{}", subtype)):
        found[name.format("bias")], found[name.format("sigma")] = _moments(values)
    return found


def network_numbers(nodes: pd.DataFrame, transfer: Mapping, repeats: Mapping) -> dict[str, float]:
    """Error of the emulator, residuals over noise, and scatter of repeats at two S/N.

    Parameters
    ----------
    nodes : pandas.DataFrame
        models/csn_dM/emulator/nodes: teff, m_h, valid, error.
    transfer : mapping
        validation/csn_dM_transfer.json: theory and transfer.
    repeats : mapping
        validation/csn_repeats.json: a and b by label and for rv.
    """
    held = nodes[nodes["valid"].astype(bool)]
    bulk = np.logical_and.reduce([held[name].between(*ends) for name, ends in BULK.items()])
    found = {
        "emulator_error": 100 * float(held["error"].max()),
        "emulator_error_bulk": 100 * float(held.loc[bulk, "error"].median()),
        "residual_theory": transfer.get("theory", np.nan),
        "residual_transfer": transfer.get("transfer", np.nan),
    }
    for label, fit in repeats.items():
        for snr in (10, 100):
            if fit.get("a") is not None and fit.get("b") is not None:
                found[f"{label}_snr{snr}"] = fit["a"] / snr + fit["b"]
    return found


def beside_numbers(statistics: pd.DataFrame, groups: pd.DataFrame) -> dict[str, float]:
    """This engine beside others, and M dwarfs beside their primaries.

    Parameters
    ----------
    statistics : pandas.DataFrame
        `mstars.literature.engine_pairs.compare_sources`.
    groups : pandas.DataFrame
        `mstars.literature.engine_groups.group_statistics`.
    """
    found, there = {}, {*statistics["first"], *statistics["second"]}
    for name, names in _OTHERS.items():
        source = stands_for(names, there)
        for label in INFO.labels if source else ():
            rows = rows_of(statistics, INFO.name, source, kind="dM", label=label, stars="own", by="all")
            if len(rows):
                found[f"{label}_bias_{name}"] = float(rows["median"].iloc[0])
                found[f"{label}_sigma_{name}"] = float(rows["robust_std"].iloc[0])
    own = groups[(groups["engine"] == INFO.name) & (groups["group"] == FGK_M)]
    for criteria in BINARIES:
        ending = criteria.removeprefix("zhang2025")
        for one in own[own["criteria"] == criteria].itertuples():
            found |= {f"binaries_bias{ending}": one.mean, f"binaries_sigma{ending}": one.std}
    return found


def literature_numbers(table: pd.DataFrame, sources: Sequence[Source]) -> dict[str, float]:
    """This engine beside the catalogues of Figure 14, of all spectra and at S/N > 50.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`.
    sources : sequence of Source
    """
    found = {}
    for label in INFO.labels:
        both = literature_differences(table, sources, label)
        off = (both["own"] - both["other"]).to_numpy(dtype=float)
        for ending, values in (("", off), ("_snr50", off[(both["snri"] > 50).to_numpy()])):
            found[f"{label}_bias_literature{ending}"], found[f"{label}_sigma_literature{ending}"] = _moments(values)
    return found


def _moments(values: np.ndarray) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    return (float(np.median(values)), mad_std(values)) if len(values) > 2 else (np.nan, np.nan)


def zhang2025_table(files: Mapping[str, str | Sequence[str]], survey: str, simulated: bool) -> Table:
    """The paper's numbers beside ours.

    Parameters
    ----------
    files : mapping
        Inputs of the rule table_zhang2025: catalogue, m_catalog, gaia, nodes, transfer, repeats, statistics, groups,
        labels, sources.
    survey : str
    simulated : bool
    """
    velocities = ["radial_velocity", "radial_velocity_error", "rv_expected_sig_to_noise"]
    ours = catalogue_numbers(
        read_table(files["catalogue"]),
        read_table(files["m_catalog"], ["luminosity_class", "snrr", "snri"]),
        read_table(files["gaia"], ["spectrum_key", *velocities]),
    )
    nodes, transfer = read_table(files["nodes"]), read_json(files["transfer"])
    ours |= network_numbers(nodes, transfer, read_json(files["repeats"]))
    ours |= beside_numbers(read_table(files["statistics"]), read_table(files["groups"]))
    ours |= literature_numbers(read_table(files["labels"]), read_sources(files["sources"]))
    table = resource_table(resource("papers/zhang2025_numbers.csv"), dtype={"section": str}, keep_default_na=False)
    rows = []
    for one in table.itertuples():
        value = float(ours.get(one.key, np.nan))
        rows.append([one.product, one.section, one.description, one.unit, float(one.paper), value, one.note])
    notes = (
        "A bias is this work - other. Ours are medians and robust scatters of recommended parameters. Figure 15 is of "
        "APOGEE DR17 where the survey has that catalogue (aspcap_dr17), else of DR16.",
        "Figure 14 is of the catalogues of the run that have no figure of their own.",
    )
    if simulated:
        notes = ("SIMULATED survey: the other catalogues and the theory grid are planted.", *notes)
    heads = ("product", "section", "what", "unit", "paper", "ours", "note")
    return Table(f"The numbers of Zhang et al. 2025 and those of survey {survey}", heads, rows, notes)
