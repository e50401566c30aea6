"""The numbers that the paper prints, as this survey has them (``resources/papers/li2025_numbers.csv`` lists them)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mstars.core.classes import CLASS_SUFFIXES
from mstars.core.labels import LABELS
from mstars.core.resources import resource, resource_table
from mstars.literature.criteria import gaia_velocities
from mstars.quality.recommended import observed_after
from mstars.velocity.decide.bands import PAPER_BANDS


def paper_numbers() -> pd.DataFrame:
    """The paper's numbers.

    Returns
    -------
    pandas.DataFrame
        ``resources/papers/li2025_numbers.csv``: product, section, key, description, paper, unit, compared (count,
        ratio or difference), sample, note. paper is NaN where the paper shows the number in a figure alone.
    """
    table = resource_table(resource("papers/li2025_numbers.csv"), dtype={"section": str}, keep_default_na=False)
    return table.assign(paper=pd.to_numeric(table["paper"]))


def compare_numbers(ours: Mapping[str, float]) -> pd.DataFrame:
    """The paper's numbers with ours beside them.

    Parameters
    ----------
    ours : mapping of str to float
        By key. A key that is missing or NaN stays empty. ``{key}:n`` is the number of spectra behind it.

    Returns
    -------
    pandas.DataFrame
        product, section, key, description, unit, compared, paper, ours, ratio, difference, n, sample, note. ratio is
        ours / paper; of a count it is the ratio of the shares of the input. A number that can have either sign has the
        difference instead.
    """
    table = paper_numbers()
    table["ours"] = [float(ours.get(key, np.nan)) for key in table["key"]]
    own = table.set_index("key")
    length = own.loc["n_input", "ours"] / own.loc["n_input", "paper"]
    ratio = table["ours"] / table["paper"].replace(0.0, np.nan)
    ratio = ratio.where(table["compared"] != "count", ratio / length)
    signed = table["compared"] == "difference"
    table["ratio"] = ratio.mask(signed | (table["key"] == "n_input"))
    table["difference"] = (table["ours"] - table["paper"]).where(signed)
    table["n"] = pd.array([ours.get(f"{key}:n") for key in table["key"]], dtype="Int64")
    heads = ["product", "section", "key", "description", "unit", "compared", "paper", "ours", "ratio", "difference"]
    return table[[*heads, "n", "sample", "note"]]


def average_accuracy(validation: pd.DataFrame) -> float:
    """Mean over the true classes of the share predicted rightly, per cent.

    Parameters
    ----------
    validation : pandas.DataFrame
        truth, predicted.

    Returns
    -------
    float
        NaN without rows.
    """
    if not len(validation):
        return np.nan
    right = validation["truth"] == validation["predicted"]
    return float(100 * right.groupby(validation["truth"]).mean().mean())


def scm_numbers(
    m_catalog: pd.DataFrame,
    gaia: pd.DataFrame,
    photometry: pd.DataFrame,
    candidates: pd.DataFrame,
    decisions: pd.DataFrame,
    v1: pd.DataFrame,
    non_m_v1: pd.DataFrame,
) -> dict[str, float]:
    """Counts of sections 3.1 and 3.4.1.

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        The input catalogue, m_catalog_v0.
    gaia, photometry : pandas.DataFrame
        Of the crossmatch.
    candidates, decisions : pandas.DataFrame
        The queue scm, and its resolved decisions.
    v1, non_m_v1 : pandas.DataFrame
        What SCM kept and removed.
    """
    classified = pd.concat([v1[["spt_class", "wdm_class"]], non_m_v1[["spt_class", "wdm_class"]]])
    matched = gaia[gaia["source_id"].notna()]
    outside = (photometry["CMD_flag"] == 1) & (photometry["CMD_pos"] == "other")
    return {
        "n_input": len(m_catalog),
        "n_input_dm": (m_catalog["lamost_class"] == "dM").sum(),
        "n_input_gm": (m_catalog["lamost_class"] == "gM").sum(),
        "gaia_spectra": len(matched),
        "gaia_sources": matched["source_id"].nunique(),
        "spt_not_k_m": (~classified["spt_class"].isin(["K", "M"])).sum(),
        "wdm_wd": (classified["wdm_class"] == "WD").sum(),
        "cmd_outside": outside.sum(),
        "scm_candidates": len(candidates),
        "scm_non_m": len(non_m_v1),
        "n_v1": len(v1),
        **_labels("scm", decisions),
    }


def _labels(queue: str, decisions: pd.DataFrame) -> dict[str, float]:
    """Decided candidates by label, zero for the paper's labels that did not occur."""
    counts = decisions["label"].value_counts()
    paper = paper_numbers()["key"]
    found = {f"{queue}_{label}": 0 for label in counts.index}
    names = {key for key in paper if key.startswith(f"{queue}_") and key.removeprefix(f"{queue}_")[:1].isupper()}
    names |= {f"{queue}_{label}" for label in ("galaxy", "qso", "unknown", "spectral_binary", "dM", "gM")} & set(paper)
    return {name: int(counts.get(name.removeprefix(f"{queue}_"), 0)) for name in sorted(names | set(found))}


def dgcm_numbers(
    v1: pd.DataFrame,
    photometry: pd.DataFrame,
    candidates: pd.DataFrame,
    decisions: pd.DataFrame,
    v2: pd.DataFrame,
    non_m_v1: pd.DataFrame,
    non_m_v2: pd.DataFrame,
) -> dict[str, float]:
    """Counts of section 3.4.2.

    Parameters
    ----------
    v1 : pandas.DataFrame
        What SCM kept, m_catalog_v1.
    photometry : pandas.DataFrame
        Of the crossmatch.
    candidates, decisions : pandas.DataFrame
        The queue dgcm, and its resolved decisions.
    v2, non_m_v1, non_m_v2 : pandas.DataFrame
        What DGCM kept, and what SCM and DGCM removed.
    """
    giants = photometry.loc[photometry["CMD_pos"] == "gM", "spectrum_key"]
    said, found = v2["lamost_class"], v2["luminosity_class"]
    gm_to_dm = int(((said == "gM") & (found == "dM")).sum())
    dm_to_gm = int(((said == "dM") & (found == "gM")).sum())
    return {
        "lamost_gm_v1": (v1["lamost_class"] == "gM").sum(),
        "cnn_gm_v1": (pd.concat([v2["dmgm_class"], non_m_v2["dmgm_class"]]) == "gM").sum(),
        "cmd_gm": v1["spectrum_key"].isin(giants).sum(),
        "dgcm_candidates": len(candidates),
        "gm_to_dm": gm_to_dm,
        "dm_to_gm": dm_to_gm,
        "class_corrected": gm_to_dm + dm_to_gm,
        "dgcm_non_m": len(non_m_v2),
        "n_non_m": len(non_m_v1) + len(non_m_v2),
        "n_v2": len(v2),
        "n_dm": (found == "dM").sum(),
        "n_gm": (found == "gM").sum(),
        **_labels("dgcm", decisions),
    }


def rv_numbers(
    selection: pd.DataFrame, summary: dict, decisions: pd.DataFrame, v3: pd.DataFrame, *, rv_cut: str
) -> dict[str, float]:
    """Numbers of section 3.4.3 and Figure 10.

    Parameters
    ----------
    selection : pandas.DataFrame
        Of RVMM: spectrum_key, velocities (km/s), in_tm_band, candidate.
    summary : dict
        Of RVMM's selection: counts and bands.
    decisions : pandas.DataFrame
        The resolved decisions of the queue rv.
    v3 : pandas.DataFrame
        m_catalog_v3.
    rv_cut : str
        Last day with doubtful wavelengths (section 4.1).
    """
    bands = summary["bands"]
    # with too few spectra RVMM takes the paper's band: then this survey has no number of its own
    own = bands["tm"] if bands["tm"]["own"] else {"mean": None, "sigma": None}
    numbers = {f"tm_{part}": _number(own[part]) for part in ("mean", "sigma")}
    for choice, ending in (("outside", ""), ("all", "_all")):
        for name, band in summary["dsal_bands"][choice].items():
            numbers[f"outside_{name}{ending}"] = band["n_outside"]
            for part in ("mean", "sigma"):
                numbers[f"{name}_{part}{ending}"] = _number(band[part]) if band["own"] else np.nan
    left = selection[~selection["candidate"]]
    tm_only, dsal_only = _one_method_only(left, bands)
    # the paper's bands are of the spectra outside TM's band: five times as wide as of all (rvmm.selection.dsal_band)
    wide = {name: {"mean": mean, "sigma": sigma, "k": bands[name]["k"]} for name, (mean, sigma) in PAPER_BANDS.items()}
    tm_only_wide, dsal_only_wide = _one_method_only(left, wide)
    updated = v3["rv_paper_from"].isin(["TM", "DSAL_I", "DSAL_II", "TML7500", "DSEL"])
    return {
        **numbers,
        "rv_suspect": summary["n_suspect"],
        "rv_without_dsal": summary["n_without_dsal"],
        "rv_no_lamost": summary["n_no_lamost_rv"],
        "rv_fast": summary["n_fast"],
        "rv_candidates": summary["n_candidates"],
        "rv_updated": updated.sum(),
        "rv_none": v3["rv_paper_from"].astype(str).str.startswith("NoRV").sum(),
        "tm_not_dsal": tm_only,
        "dsal_not_tm": dsal_only,
        "tm_not_dsal_fig10": tm_only_wide,
        "dsal_not_tm_fig10": dsal_only_wide,
        "before_2012": (~observed_after(v3["obsdate"].dropna(), rv_cut)).sum(),
        **_labels("rv", decisions),
    }


def _number(value) -> float:
    return np.nan if value is None else float(value)


def _one_method_only(table: pd.DataFrame, bands: dict) -> tuple[float, float]:
    """Per cent of the spectra not inspected that agree with TM but not DSAL, and with DSAL but not TM."""
    if not len(table):
        return np.nan, np.nan
    columns = {name: table[name].to_numpy(float, na_value=np.nan) for name in ("lamost_rv", "rv_dsal1", "rv_dsal2")}
    inside = np.zeros(len(table), bool)
    use_first = np.isfinite(columns["rv_dsal1"])
    for name, chosen in (("dsal1", use_first), ("dsal2", ~use_first)):
        off = columns[f"rv_{name}"] - columns["lamost_rv"] - _number(bands[name]["mean"])
        with np.errstate(invalid="ignore"):
            inside |= chosen & (np.abs(off) <= bands[name]["k"] * _number(bands[name]["sigma"]))
    in_tm = table["in_tm_band"].to_numpy(bool)
    return float(100 * (in_tm & ~inside).mean()), float(100 * (inside & ~in_tm).mean())


def catalog_numbers(catalog: pd.DataFrame, ranges: dict) -> dict[str, float]:
    """Numbers of section 4.1: flags, internal errors (Figure 13), and ranges recomputed from our members (Table 10).

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.
    ranges : dict
        ``quality/ranges.json``.
    """
    ranges = ranges.get("recomputed", {})
    numbers = {"rv_flag_share": 100 * (catalog["rv_flag"] == 1).mean() if len(catalog) else np.nan}
    for kind, short in CLASS_SUFFIXES.items():
        rows = catalog[catalog["luminosity_class"] == kind]
        good = rows[rows["parameter_flag"] == 1]
        numbers[f"parameter_flag_{short}"] = len(good)
        numbers[f"parameter_flag_share_{short}"] = 100 * len(good) / len(rows) if len(rows) else np.nan
        numbers[f"rv_err_{short}"] = rows.loc[rows["rv_flag"] == 1, "rv_paper_err"].astype(float).mean()
        for label in LABELS:
            numbers[f"{label}_err_{short}"] = good[f"{label}_spread"].astype(float).mean()
            low, high = ranges.get(kind, {}).get(label, (np.nan, np.nan))
            numbers[f"{label}_low_{short}"], numbers[f"{label}_high_{short}"] = low, high
    return numbers


def velocity_numbers(catalog: pd.DataFrame, gaia: pd.DataFrame, selection: pd.DataFrame) -> dict[str, float]:
    """Numbers of section 4.2.1: recommended velocities against Gaia's.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.
    gaia : pandas.DataFrame
        Of the crossmatch.
    selection : pandas.DataFrame
        Of RVMM: spectrum_key, lamost_rv (km/s).
    """
    velocities = gaia_velocities(catalog, gaia, selection)
    off = velocities["rv"] - velocities["gaia_rv"]
    bright = off[velocities["snr_i"] > 20]
    return {
        "gaia_rv_mean": off.mean(),
        "gaia_rv_sigma": off.std(ddof=0),
        "gaia_rv_sigma_snr20": bright.std(ddof=0),
    }


def literature_numbers(statistics: pd.DataFrame) -> dict[str, float]:
    """Means and standard deviations of section 4.2.2, catalogue minus this work.

    Parameters
    ----------
    statistics : pandas.DataFrame
        ``compare/comparison.parquet``.
    """
    rows = statistics[(statistics["pair"] == "catalog-this") & (statistics["snr"] == "all")]
    numbers = {}
    for row in rows.itertuples():
        if row.kind in CLASS_SUFFIXES:
            numbers[f"{row.catalog}_{row.label}_mean_{CLASS_SUFFIXES[row.kind]}"] = row.mean
            numbers[f"{row.catalog}_{row.label}_sigma_{CLASS_SUFFIXES[row.kind]}"] = row.std
    return numbers


def random_numbers(table: pd.DataFrame) -> dict[str, float]:
    """Share of the spectra never inspected that are unknown, per cent.

    Parameters
    ----------
    table : pandas.DataFrame
        From `mstars.survey.contamination.contamination`.
    """
    rows = table[(table["label"] == "unknown") & (table["stratum"] == "all")]
    return {"random_unknown_share": float(rows["share"].iloc[0]) if len(rows) else np.nan}


def fold_table(kind: str, folds: Mapping[int, tuple[pd.DataFrame, dict]]) -> pd.DataFrame:
    """Residuals of each fold's model on its own validation set (Table 8).

    Parameters
    ----------
    kind : str
        dM or gM.
    folds : mapping
        For each fold the validation table ({label}_true, {label}_predicted) and the model's description (model.json).

    Returns
    -------
    pandas.DataFrame
        kind, fold, n, {label}_mean, {label}_sigma, loss.
    """
    rows = []
    for fold, (validation, model) in sorted(folds.items()):
        row = {"kind": kind, "fold": fold, "n": len(validation)}
        for label in LABELS:
            off = (validation[f"{label}_predicted"] - validation[f"{label}_true"]).astype(float)
            row[f"{label}_mean"], row[f"{label}_sigma"] = off.mean(), off.std(ddof=0)
        rows.append({**row, "loss": model.get("about", {}).get("validation_loss", np.nan)})
    return pd.DataFrame(rows)


def fold_numbers(table: pd.DataFrame) -> dict[str, float]:
    """Means over the folds of Table 8, and the sizes of the training samples.

    Parameters
    ----------
    table : pandas.DataFrame
        From `fold_table`, of both classes.
    """
    numbers = {}
    for kind, short in CLASS_SUFFIXES.items():
        rows = table[table["kind"] == kind]
        numbers[f"tlma_n_{short}"] = rows["n"].sum()  # every spectrum is in one validation set
        numbers[f"fold_loss_{short}"] = rows["loss"].mean()
        numbers |= {f"fold_{label}_sigma_{short}": rows[f"{label}_sigma"].mean() for label in LABELS}
    return numbers
