"""What the paper claims of its results, computed from this survey: precision, biases, classifiers, training sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.classes import CLASS_SUFFIXES
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.missing import without_missing
from mstars.core.snr import snr_max
from mstars.literature.criteria import BIASES
from mstars.networks.class_weights import class_weights
from mstars.sky.aspcap_class import aspcap_kind

WEIGHTED = ("OB", "WD")
"""Classes with too few spectra, whose weights in the loss section 3.4.1 prints, and the trainings that have them."""


def with_count(key: str, values) -> dict[str, float]:
    """The number of values behind a key, under ``{key}:n``; the finite ones count."""
    return {f"{key}:n": int(np.isfinite(np.asarray(values, dtype=float)).sum())}


def apogee_differences(catalog: pd.DataFrame, apogee: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Recommended parameters minus APOGEE's, where DGCM and ASPCAP_CLASS say the same class (section 5).

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue.
    apogee : pandas.DataFrame
        Of the crossmatch: spectrum_key, ASPCAP_CLASS, TEFF, LOGG, M_H, ALPHA_M.

    Returns
    -------
    dict of str to pandas.DataFrame
        By class: for each label ``{label}``, the difference, and ``{label}_apogee`` (K, dex; NaN where unknown).
    """
    names = {column: f"{label}_apogee" for label, column in APOGEE_COLUMNS.items()}
    theirs = apogee[["spectrum_key", *names]].rename(columns=names).assign(apogee_kind=aspcap_kind(apogee))
    good = catalog.loc[catalog["parameter_flag"] == 1, ["spectrum_key", "luminosity_class", *LABELS]]
    good = good.merge(theirs, on="spectrum_key")
    found = {}
    for kind in CLASS_SUFFIXES:
        rows = good[(good["luminosity_class"] == kind) & (good["apogee_kind"] == kind)]
        known = {f"{label}_apogee": without_missing(rows[f"{label}_apogee"]) for label in LABELS}
        off = {label: rows[label].astype(float) - known[f"{label}_apogee"] for label in LABELS}
        found[kind] = pd.DataFrame(off | known)
    return found


def apogee_numbers(differences: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Means and standard deviations against APOGEE, and the three biases of section 5.

    Parameters
    ----------
    differences : mapping of str to pandas.DataFrame
        Of `apogee_differences`.
    """
    numbers = {}
    for kind, short in CLASS_SUFFIXES.items():
        for label in LABELS:
            off = differences[kind][label].dropna()
            for part, value in (("mean", off.mean()), ("sigma", off.std(ddof=0))):
                numbers |= {f"apogee_{label}_{part}_{short}": value}
                numbers |= with_count(f"apogee_{label}_{part}_{short}", off)
    for key, (kind, label, low, high) in BIASES.items():
        theirs = differences[kind][f"{label}_apogee"]
        off = differences[kind].loc[(theirs > low) & (theirs < high), label].dropna()
        numbers |= {key: off.mean(), **with_count(key, off)}
    return numbers


def precision_numbers(statistics: pd.DataFrame, sample: pd.DataFrame) -> dict[str, float]:
    """Dispersions of each catalogue and of this work against APOGEE, and by how much this work's are smaller.

    Parameters
    ----------
    statistics : pandas.DataFrame
        ``compare/comparison.parquet``: catalog minus APOGEE and this work minus APOGEE are of the same stars.
    sample : pandas.DataFrame
        ``compare/sample.parquet``, the spectra of section 4.2 whose class is beyond doubt.
    """
    numbers, gains = {}, []
    rows = statistics[statistics["snr"] == "all"]
    pairs = {pair: rows[rows["pair"] == pair] for pair in ("catalog-apogee", "this-apogee")}
    both = pairs["catalog-apogee"].merge(pairs["this-apogee"], on=["catalog", "kind", "label"], suffixes=("", "_this"))
    for row in both[both["label"].isin(LABELS) & both["kind"].isin(list(CLASS_SUFFIXES))].itertuples():
        short = CLASS_SUFFIXES[row.kind]
        for side, sigma in (("", row.std), ("_this", row.std_this)):
            key = f"{row.catalog}{side}_apogee_{row.label}_sigma_{short}"
            numbers |= {key: sigma, f"{key}:n": row.n}
        gains.append((short, row.label, row.std, 100 * (1 - row.std_this / row.std) if row.std > 0 else np.nan))
    table = pd.DataFrame(gains, columns=["class", "label", "sigma", "gain"])
    for (short, label), group in table.groupby(["class", "label"]):
        numbers |= _ends(f"others_{label}_sigma", short, group["sigma"])
        numbers |= _ends(f"gain_{label}", short, group["gain"])
    for short, group in table.groupby("class"):
        numbers |= _ends("gain", short, group["gain"])
    for kind, short in CLASS_SUFFIXES.items():
        own = sample[sample["luminosity_class"] == kind]
        for label in LABELS:
            off = (own[f"{label}_this"].astype(float) - own[f"{label}_apogee"]).dropna()
            key = f"good_apogee_{label}_sigma_{short}"
            numbers |= {key: off.std(ddof=0) if len(off) else np.nan, **with_count(key, off)}
    return numbers


def _ends(key: str, short: str, values: pd.Series) -> dict[str, float]:
    """Least and largest value over the catalogues."""
    return {f"{key}_least_{short}": values.min(), f"{key}_most_{short}": values.max()}


def red_end_numbers(v3: pd.DataFrame, catalog: pd.DataFrame) -> dict[str, float]:
    """What the classifiers and the parameters made of spectra with a red-end anomaly (footnote 11), per cent.

    Parameters
    ----------
    v3 : pandas.DataFrame
        m_catalog_v3: spectrum_key, rv_paper_from (TML7500 marks the anomaly), spt_class, wdm_class, dmgm_class.
    catalog : pandas.DataFrame
        The recommended catalogue: spectrum_key, parameter_flag.
    """
    rows = v3[v3["rv_paper_from"] == "TML7500"]
    flagged = rows["spectrum_key"].isin(catalog.loc[catalog["parameter_flag"] == 1, "spectrum_key"])
    said = {
        "red_end_spt_m": rows["spt_class"] == "M",
        "red_end_wdm_m": rows["wdm_class"] == "M",
        "red_end_dmgm_dm": rows["dmgm_class"] == "dM",
        "red_end_recommended": flagged,
    }
    shares = {key: 100 * of.mean() if len(rows) else np.nan for key, of in said.items()}
    return shares | {f"{key}:n": len(rows) for key in said}


def faint_numbers(m_catalog: pd.DataFrame, snr_min: float) -> dict[str, float]:
    """Share of the input with S/N_max below the limit of the training sets, per cent (section 3.4.1).

    Parameters
    ----------
    m_catalog : pandas.DataFrame
        m_catalog_v0: snru to snrz.
    snr_min : float
        ``scm.snr_min``.
    """
    faint = ~(snr_max(m_catalog) >= snr_min)
    return {"faint_share": 100 * float(faint.mean()) if len(faint) else np.nan, "faint_share:n": len(faint)}


def training_numbers(sets: Mapping[str, Mapping], validation: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Sizes of the training sets, class weights, and what WD costs CNN-SPT as a class (section 3.4.1).

    Parameters
    ----------
    sets : mapping of str to mapping
        Summaries of the training sets (``training/{task}.json``) of spt and wdm: counts by class and side.
    validation : mapping of str to pandas.DataFrame
        Validation tables of wdm and spt9: truth, predicted.
    """
    numbers = {}
    for task, name in (("spt", "OB"), ("wdm", "WD"), ("spt", "M")):
        counts = sets[task]["counts"]
        numbers[f"train_{name}"] = sum(counts[name].values()) if name in counts else np.nan
        if name in WEIGHTED:
            trained = {of: side["train"] for of, side in counts.items()}
            labels = np.repeat(list(trained), list(trained.values()))
            known = name in trained and min(trained.values()) > 0
            weights = dict(zip(trained, class_weights(labels, list(trained)), strict=True)) if known else {}
            numbers[f"weight_{name}"] = weights.get(name, np.nan)
    for task, table in validation.items():
        dwarfs = table[table["truth"] == "WD"]
        key = f"{task}_wd_accuracy"
        numbers[key] = 100 * (dwarfs["predicted"] == "WD").mean() if len(dwarfs) else np.nan
        numbers[f"{key}:n"] = len(dwarfs)
    return numbers


def training_star_numbers(sets: Sequence[pd.DataFrame], catalog: pd.DataFrame) -> dict[str, float]:
    """The ensemble's parameters of all training spectra against their labels, whatever their flags (section 3.4.4).

    Parameters
    ----------
    sets : sequence of pandas.DataFrame
        Training sets of dwarfs and giants: spectrum_key and APOGEE's labels.
    catalog : pandas.DataFrame
        The recommended catalogue, with `spmm.training_stars: ensemble`.
    """
    numbers = {}
    for short, table in zip(CLASS_SUFFIXES.values(), sets, strict=True):
        both = table[["spectrum_key", *LABELS]].merge(catalog[["spectrum_key", *LABELS]], on="spectrum_key")
        for label in LABELS:
            off = (both[f"{label}_y"].astype(float) - both[f"{label}_x"]).dropna()
            for part, value in (("mean", off.mean()), ("sigma", off.std(ddof=0))):
                key = f"training_{label}_{part}_{short}"
                numbers |= {key: value, **with_count(key, off)}
    return numbers
