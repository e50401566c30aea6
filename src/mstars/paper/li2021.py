"""What the figures, tables and numbers of Li et al. 2021 are made of: SLAM's spectra with all that stands beside."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.flags import EngineFlag
from mstars.core.labels import APOGEE_COLUMNS
from mstars.core.missing import without_missing
from mstars.core.robust import mad_std
from mstars.engines.contract import CLEARING
from mstars.engines.slam.errors import curve_uncertainties, fit_power_law
from mstars.literature.catalogues import join, read_catalogue, read_description
from mstars.sky.cmd import cmd_position

TEFF_RANGE = (2800.0, 4500.0)
"""Both of TEFF_AP and TEFF_BT are inside, K (section 3.1, 5.3)."""
BRIGHT = 50.0
"""S/N_i above which Figure 6 shows spectra."""
HYADES = {"pmra": (4.0, 6.0), "pmdec": (-2.5, 0.0), "parallax": (40.0, 50.0)}
"""Proper motion over parallax in ra and dec, and parallax in mas, of the Hyades' members (section 5.1)."""
LEAST_SNR = 100.0
METAL_POOR = -0.25
"""[M/H] below which the paper compares apart (section 4.2), dex."""
_SPOILED = sum(int(flag) for flag in CLEARING if flag != EngineFlag.SIMULATION_TRAINED)


def slam_sample(
    parameters: pd.DataFrame,
    m_catalog: pd.DataFrame,
    gaia: pd.DataFrame,
    photometry: pd.DataFrame,
    apogee: pd.DataFrame,
    literature: Mapping[str, str],
) -> pd.DataFrame:
    """Spectra of M dwarfs with SLAM's parameters.

    Parameters
    ----------
    parameters : pandas.DataFrame
        parameters/slam.parquet.
    m_catalog, gaia, photometry, apogee : pandas.DataFrame
        m_catalog_v3 and the crossmatches of its spectra.
    literature : mapping
        Descriptions (YAML) of catalogues by name: see `mstars.literature.catalogues`.

    Returns
    -------
    pandas.DataFrame
        One row a spectrum with parameters that no flag clears: spectrum_key, snri, star_id, source_id; teff, m_h (of
        labelled stars by a model that has not seen them) with ``_err`` and ``_cv_err``, teff_bt, m_h_bt, bt_inside
        (not at the grid's edge, where fits pile up); parallax (mas), pmra, pmdec (mas/yr), bp_rp_0, M_G_0, selected
        (section 3.1); teff_apogee, m_h_apogee; and ``{label}_{name}`` of each catalogue.
    """
    table = parameters[(parameters["luminosity_class"] == "dM") & parameters["teff"].notna()]
    table = table[(table["flag"] & _SPOILED) == 0].copy()
    for label in ("teff", "m_h"):
        table[label] = table[f"{label}_oof"].fillna(table[label])
    table["bt_inside"] = table["teff_bt"].between(*TEFF_RANGE, inclusive="neither")  # fits at the edge end there
    kept = ["spectrum_key", "flag", "bt_inside", "teff_bt", "teff_bt_err", "m_h_bt"]
    kept += [f"{label}{end}" for label in ("teff", "m_h") for end in ("", "_err", "_cv_err")]
    table = table[kept].merge(m_catalog[["spectrum_key", "obsid", "snri"]], on="spectrum_key")
    sky = ["star_id", "source_id", "ra", "dec", "parallax", "parallax_over_error", "ruwe", "pmra", "pmdec"]
    sky += [f"phot_{band}_mean_flux_over_error" for band in ("g", "bp", "rp")]
    table = table.merge(gaia[["spectrum_key", *sky]], on="spectrum_key", how="left")
    table = table.merge(photometry[["spectrum_key", "bp_rp_0", "M_G_0", "CMD_flag"]], on="spectrum_key", how="left")
    place = cmd_position(table["bp_rp_0"].to_numpy(float), table["M_G_0"].to_numpy(float))
    # the five criteria are Gaia's of section 3.1, which CMD_flag stands for
    table["selected"] = (table["CMD_flag"] == 1) & (place == "dM") & (table["snri"] > 5)
    theirs = apogee.drop_duplicates("spectrum_key").set_index("spectrum_key")
    for label in ("teff", "m_h"):
        table[f"{label}_apogee"] = (
            without_missing(theirs[APOGEE_COLUMNS[label]]).reindex(table["spectrum_key"]).to_numpy()
        )
    for name, path in literature.items():
        catalogue = read_description(path)
        joined = join(table, read_catalogue(catalogue), catalogue).drop_duplicates("spectrum_key")
        joined = joined.set_index("spectrum_key").reindex(table["spectrum_key"])
        for label in ("teff", "m_h"):
            table[f"{label}_{name}"] = joined[f"{label}_catalog"].to_numpy(dtype=float)
    return table.reset_index(drop=True)


def hyades_like(sample: pd.DataFrame) -> pd.DataFrame:
    """Spectra of stars that move as the Hyades do and are as near (section 5.1), anywhere in the sky."""
    parallax = sample["parallax"]
    keep = parallax.between(*HYADES["parallax"])
    for name in ("pmra", "pmdec"):
        keep &= (sample[name] / parallax).between(*HYADES[name])
    return sample[keep]


def cluster_members(sample: pd.DataFrame, clusters: pd.DataFrame, metallicities: pd.DataFrame) -> pd.DataFrame:
    """Mean [M/H] of the members of clusters beside another work's (Table 3).

    Parameters
    ----------
    sample : pandas.DataFrame
        Of `slam_sample`.
    clusters : pandas.DataFrame
        source_id, cluster.
    metallicities : pandas.DataFrame
        cluster, feh, feh_err.

    Returns
    -------
    pandas.DataFrame
        cluster, m_h, m_h_std (NaN of one star), stars, feh, feh_err.
    """
    group = cluster_stars(sample, clusters, metallicities).groupby("cluster")["m_h"]
    table = pd.DataFrame({"m_h": group.mean(), "m_h_std": group.std(), "stars": group.size()}).reset_index()
    return table.merge(metallicities[["cluster", "feh", "feh_err"]], on="cluster")


def cluster_stars(sample: pd.DataFrame, clusters: pd.DataFrame, metallicities: pd.DataFrame) -> pd.DataFrame:
    """[M/H] of each member beside its cluster's (Figure 8): cluster, m_h, feh; arguments as of `cluster_members`."""
    stars = sample.dropna(subset="source_id").groupby("source_id")["m_h"].mean()
    members = clusters.assign(m_h=clusters["source_id"].map(stars)).dropna(subset="m_h")
    return members[["cluster", "m_h"]].merge(metallicities[["cluster", "feh"]], on="cluster")


def binary_pairs(sample: pd.DataFrame, binaries: pd.DataFrame, widest_au: float = 3000.0) -> pd.DataFrame:
    """[M/H] of both components of wide binaries (section 5.2).

    Parameters
    ----------
    sample : pandas.DataFrame
    binaries : pandas.DataFrame
        source_id1, source_id2 and, where known, separation_au.
    widest_au : float

    Returns
    -------
    pandas.DataFrame
        m_h_1, m_h_2, error_1, error_2 (the paper's errors) and normalised, the difference over its error.
    """
    if "separation_au" in binaries:
        binaries = binaries[~(binaries["separation_au"] > widest_au)]
    stars = sample.dropna(subset="source_id").sort_values("snri").drop_duplicates("source_id", keep="last")
    stars = stars.set_index("source_id")[["m_h", "m_h_cv_err"]]
    both = binaries.merge(stars.add_suffix("_1"), left_on="source_id1", right_index=True)
    both = both.merge(stars.add_suffix("_2"), left_on="source_id2", right_index=True)
    both = both.rename(columns={f"m_h_cv_err_{number}": f"error_{number}" for number in (1, 2)})
    error = np.hypot(both["error_1"], both["error_2"])
    return both.assign(normalised=(both["m_h_1"] - both["m_h_2"]) / error).reset_index(drop=True)


def li2021_numbers(
    sample: pd.DataFrame, curves: Mapping[str, tuple[float, float, float]], theory_cv: np.ndarray, pairs: pd.DataFrame
) -> dict[str, float]:
    """The numbers that the paper prints, of this survey, by the keys of ``resources/papers/li2021_numbers.csv``.

    Parameters
    ----------
    sample : pandas.DataFrame
    curves : mapping
        a, b and c of the cross-validation's scatter by label: `mstars.engines.slam.errors.fit_curve`.
    theory_cv : ndarray, [level, 5]
        Of `mstars.engines.slam.theory_model.TheoryModel`; empty without a theory grid.
    pairs : pandas.DataFrame
        Of `binary_pairs`; empty without binaries.

    Returns
    -------
    dict of float
        NaN where there is nothing to measure.
    """
    found: dict[str, float] = {}
    bright = sample[sample["snri"] > LEAST_SNR]
    for label in ("teff", "m_h"):
        off = bright[label] - bright[f"{label}_apogee"]
        found[f"cv_bias_{label}"], found[f"cv_scatter_{label}"] = _moments(off)
        found |= {f"curve_{name}_{label}": value for name, value in zip("abc", curves[label], strict=True)}
        every = sample[label] - sample[f"{label}_apogee"]
        known = every.notna() & (sample["snri"] > 0)
        own = sample["snri"][known].to_numpy(float), every[known].to_numpy(float)
        found[f"power_b_{label}"] = fit_power_law(*own)[1]
        errors = curve_uncertainties(*own, sample["star_id"][known].to_numpy())
        found[f"power_b_{label}_err"], found[f"curve_b_{label}_err"] = errors["power_b"], errors["b"]
        found[f"apogee_bias_{label}"], found[f"apogee_scatter_{label}"] = _moments(every)
        found[f"b20_bias_{label}"], found[f"b20_scatter_{label}"] = _moments(_off(sample, label, "b20"))
    rich = sample["m_h"] > METAL_POOR
    for name, rows in (("rich", sample[rich]), ("poor", sample[~rich])):
        found[f"b20_bias_m_h_{name}"], found[f"b20_scatter_m_h_{name}"] = _moments(_off(rows, "m_h", "b20"))
    inside = sample[sample["bt_inside"]]
    for name in ("b20", "tess", "galgano2020"):
        found[f"bt_bias_{name}"], found[f"bt_scatter_{name}"] = _moments(
            inside["teff_bt"] - _column(inside, f"teff_{name}")
        )
    found["bt_m_h_bias"], found["bt_m_h_scatter"] = _moments(inside["m_h_bt"] - inside["m_h_apogee"])
    if len(theory_cv):
        row = theory_cv[np.argmin(np.abs(theory_cv[:, 0] - LEAST_SNR))]
        found["bt_cv_bias"], found["bt_cv_scatter"] = float(row[1]), float(row[2])
    if len(pairs):
        found["binaries"] = float(len(pairs))
        found["binary_bias"], found["binary_scatter"] = _moments(pairs["m_h_1"] - pairs["m_h_2"])
        found["binary_width"] = mad_std(pairs["normalised"])
    return found


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(np.nan, index=table.index)


def _off(table: pd.DataFrame, label: str, name: str) -> pd.Series:
    return table[label] - _column(table, f"{label}_{name}")


def _moments(values: pd.Series) -> tuple[float, float]:
    """Median and robust scatter; NaN of nothing."""
    values = values.dropna().to_numpy(dtype=float)
    return (float(np.median(values)), float(mad_std(values))) if len(values) > 2 else (np.nan, np.nan)
