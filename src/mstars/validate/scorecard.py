"""The scorecard: numbers by key. docs/scorecard.md says what each key means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.robust import mad_std
from mstars.core.snr import SNR_I_INTERVALS
from mstars.validate.outcome import input_outcomes
from mstars.validate.shares import scatter, scatter_with_limits, share

CLASS_OF = {
    "spt": {
        **dict.fromkeys(LUMINOSITY_CLASSES, "M"),
        **dict.fromkeys(("OB", "O", "B"), "OB"),
        **{name: name for name in "AFGK"},
        **{"galaxy": "GALAXY", "GALAXY": "GALAXY", "qso": "QSO", "QSO": "QSO"},
    },
    "wdm": {"dM": "M", "gM": "M", "WD": "WD"},
    "dmgm": {"dM": "dM", "gM": "gM"},
}
"""For each task the right output by true class. Spectra of other true classes are not counted."""

SNR_BINS = dict(zip(("0_20", "20_50", "50_100", "100_up"), SNR_I_INTERVALS, strict=True))
"""Intervals of S/N_i by the name they have in the scorecard's keys."""


def scorecard(table: pd.DataFrame, held_out: Mapping[str, pd.DataFrame], truth: pd.DataFrame, settings: dict) -> dict:
    """All numbers of the scorecard, and under ``do_nothing`` the same ones for the input catalogue unchanged.

    Parameters
    ----------
    table : pandas.DataFrame
        From `mstars.validate.outcome.candidate_outcomes`.
    held_out : mapping of str to pandas.DataFrame
        For each task (spt, wdm, dmgm) the validation table of its model: spectrum_key, predicted.
    truth : pandas.DataFrame
        Of candidates and training spectra.
    settings : dict
        The config section ``validate``.

    Returns
    -------
    dict
        A number is None where nothing can be counted.
    """
    result = _all(table, settings) | _accuracies(held_out, truth)
    twin = _all(input_outcomes(table), settings)
    # the input catalogue has no networks, so their accuracies are empty
    nothing = {key: None for key in result if key not in twin}
    return result | {"do_nothing": twin | nothing}


def _all(table: pd.DataFrame, settings: dict) -> dict:
    return {
        **_counts(table),
        **_classification(table, settings["snr_min"]),
        **_giants(table),
        **_velocities(table, settings),
        **parameter_scores(table),
    }


def _true_m(table: pd.DataFrame) -> np.ndarray:
    return table["true_class"].isin(LUMINOSITY_CLASSES).to_numpy()


def _counts(table: pd.DataFrame) -> dict:
    counts = table["state"].value_counts()
    states = {"recommended": "n_recommended", "non_m": "n_non_m", "rejected": "n_rejected", "lost": "n_lost"}
    return {"n_input": len(table)} | {key: int(counts.get(state, 0)) for state, key in states.items()}


def _classification(table: pd.DataFrame, snr_min: float) -> dict:
    is_m, late_k = _true_m(table), (table["true_class"] == "K").to_numpy()
    kept, removed = (table["state"] == "recommended").to_numpy(), (table["state"] == "non_m").to_numpy()
    usable = (table["state"] != "rejected").to_numpy()
    bright = (table["snri"] > snr_min).to_numpy() & usable
    result = share("purity", is_m, kept & ~late_k)
    result |= share("purity_with_late_k", is_m, kept)
    result["late_k_recommended"] = int((late_k & kept).sum())
    result |= share("completeness", kept, is_m)
    result |= share("non_m_recall", removed, ~is_m & ~late_k & bright)
    for name in sorted(set(table.loc[~is_m, "true_class"])):
        result |= share(f"non_m_recall_{name}", removed, (table["true_class"] == name).to_numpy() & bright)
    right_before = (table["lamost_class"].replace("sdM", "dM") == table["true_class"]).to_numpy()
    wrong_now = kept & (table["out_class"] != table["true_class"]).to_numpy() & right_before
    result |= share("good_harmed", removed | wrong_now, is_m & usable)
    result |= share("harmed_removed", removed, is_m & usable) | share("harmed_class", wrong_now, is_m & usable)
    return result


def _giants(table: pd.DataFrame) -> dict:
    planted = table["planted_dmgm"].to_numpy(dtype=bool) & _true_m(table) & (table["state"] != "rejected").to_numpy()
    right = ((table["state"] == "recommended") & (table["out_class"] == table["true_class"])).to_numpy()
    result = share("dmgm_fixed_share", right, planted)
    counts = {"dmgm_planted": int(planted.sum()), "dmgm_fixed": int((planted & right).sum())}
    recommended_m = _true_m(table) & (table["state"] == "recommended").to_numpy()
    return counts | result | share("dmgm_right", right, recommended_m)


def _velocities(table: pd.DataFrame, settings: dict) -> dict:
    truth = table["true_rv_lamost"].to_numpy(dtype=float)
    planted = (table["planted_rv"] != "").to_numpy()
    usable = _true_m(table) & (table["state"] != "rejected").to_numpy()
    kept = usable & (table["state"] == "recommended").to_numpy()
    bright = (table["snri"] > settings["snr_min"]).to_numpy()
    unharmed = ~table["planted_rv"].isin(["wave_err"]).to_numpy()
    result = {}
    dsal = table["rv_dsal1"].fillna(table["rv_dsal2"])
    for name, values in (
        ("rv_tm", table["rv_tm"]),
        ("rv_dsal", dsal),
        ("rv", table["rv"]),
        ("rv_paper", table["rv_paper"]),
    ):
        rows = (kept if name in ("rv", "rv_paper") else usable) & bright & unharmed
        bias, sigma, n = scatter((values - truth)[rows])
        outliers = np.abs(values - truth) > settings["rv_tolerance_kms"]
        result |= {f"{name}_bias_kms": bias, f"{name}_sigma_kms": sigma, f"{name}_n": n}
        result |= share(f"{name}_outliers", outliers, rows & np.isfinite(values).to_numpy())
    bias, sigma, n = scatter((table["rv"] - truth)[kept & (table["rv_flag"] == 1).to_numpy() & unharmed])
    result |= {"rv_flagged_bias_kms": bias, "rv_flagged_sigma_kms": sigma, "rv_flagged_n": n}
    result |= _repeats(table["rv"], kept & ~planted & (table["rv_flag"] == 1).to_numpy(), table, "rv")
    result |= _velocity_pulls("rv_tm", table, truth, usable & ~planted)
    result |= _velocity_pulls("rv", table, truth, kept & ~planted)
    result |= _velocity_pulls("rv_paper", table, truth, kept & ~planted)
    return result | _repairs(table, settings, truth, usable, kept, planted)


def _velocity_pulls(name: str, table: pd.DataFrame, truth: np.ndarray, rows: np.ndarray) -> dict:
    """Error of a velocity (less its median) over its quoted error, by true class and S/N."""
    result = {}
    for kind in LUMINOSITY_CLASSES:
        of_kind = rows & (table["true_class"] == kind).to_numpy()
        difference = (table[name] - truth).to_numpy(dtype=float)
        difference = difference - (scatter(difference[of_kind])[0] or 0.0)
        pull = difference / table[f"{name}_err"].to_numpy(dtype=float)
        result |= _pulls(f"{name}_pull_{kind.lower()}", pull, of_kind, table["snri"])
    return result


def _pulls(name: str, pull: np.ndarray, rows: np.ndarray, snri: pd.Series) -> dict:
    """Width of the pull of some rows, with limits: of all, and by S/N."""
    result = scatter_with_limits(name, pull[rows])
    for bin_name, (low, high) in SNR_BINS.items():
        inside = rows & snri.between(low, high, inclusive="right").to_numpy()
        result |= scatter_with_limits(f"{name}_snri_{bin_name}", pull[inside])
    return result


def _repairs(table, settings, truth, usable, kept, planted) -> dict:
    rv, before = table["rv"].to_numpy(dtype=float), table["lamost_rv"].to_numpy(dtype=float)
    error = np.nan_to_num(table["rv_err"].to_numpy(dtype=float))
    near = np.abs(rv - truth) <= np.maximum(settings["rv_sigma"] * error, settings["rv_tolerance_kms"])
    nulled = ~np.isfinite(rv) & table["planted_rv"].isin(["low_quality", "wave_err"]).to_numpy()
    repaired = kept & (near | nulled)
    result = {"rv_planted": int((planted & usable).sum()), "rv_repaired": int((planted & repaired).sum())}
    result |= share("rv_repaired_share", repaired, planted & usable)
    for name in sorted(set(table.loc[planted, "planted_rv"])):
        result |= share(f"rv_repaired_{name}", repaired, usable & (table["planted_rv"] == name).to_numpy())
    good = kept & ~planted & (np.abs(before - truth) <= settings["rv_tolerance_kms"])
    paper = table["rv_paper"].to_numpy(dtype=float)
    replaced = ~np.isclose(paper, before, rtol=0, atol=1e-6)
    worse = replaced & ~(np.abs(paper - truth) <= np.abs(before - truth))
    broken = ~near
    result["rv_updates"] = int((kept & replaced).sum())
    return result | share("rv_false_updates", worse, good) | share("rv_broken", broken, good)


def parameter_scores(table: pd.DataFrame, labels: Sequence[str] = LABELS) -> dict:
    """Keys of the scorecard about the parameters of one engine.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.validate.outcome.candidate_outcomes` or `mstars.validate.outcome.engine_outcomes`.
    labels : sequence of str
        Those of the engine.

    Returns
    -------
    dict
        Numbers, None where nothing can be counted.
    """
    result = {}
    kept = _true_m(table) & (table["state"] == "recommended").to_numpy()
    good = kept & (table["parameter_flag"] == 1).to_numpy() & (table["out_class"] == table["true_class"]).to_numpy()
    for kind in LUMINOSITY_CLASSES:
        of_kind = (table["true_class"] == kind).to_numpy()
        tag = kind.lower()
        result |= share(f"parameter_flag_{tag}", table["parameter_flag"] == 1, kept & of_kind)
        for label in labels:
            known = _honest(table, label)
            difference = (known - table[f"true_{label}"]).to_numpy(dtype=float)
            bias, sigma, n = scatter(difference[good & of_kind])
            result |= {f"{label}_{tag}_bias": bias, f"{label}_{tag}_sigma": sigma, f"{label}_{tag}_n": n}
            for name, (low, high) in SNR_BINS.items():
                inside = good & of_kind & table["snri"].between(low, high, inclusive="right").to_numpy()
                result[f"{label}_{tag}_sigma_snri_{name}"] = scatter(difference[inside])[1]
            result |= _repeats(table[label], good & of_kind, table, f"{label}_{tag}")
            untouched = good & of_kind & table[f"{label}_oof"].isna().to_numpy()
            with np.errstate(divide="ignore", invalid="ignore"):
                pull = difference / table[f"{label}_calib_err"].to_numpy(dtype=float)
                spread = difference / table[f"{label}_err"].to_numpy(dtype=float)
            result |= _pulls(f"{label}_{tag}_pull", pull, untouched, table["snri"])
            result |= scatter_with_limits(f"{label}_{tag}_pull_spread", spread[untouched])
    return result | _weak_spots(table, good, labels)


def _weak_spots(table: pd.DataFrame, good: np.ndarray, labels: Sequence[str]) -> dict:
    """Biases where the paper says it is weak (section 5): metal-poor dwarfs, alpha-rich stars."""
    result = {}
    for label, name, limit in (("m_h", "poor", -0.5), ("alpha_m", "rich", 0.15)):
        if label not in labels:
            continue
        truth = table[f"true_{label}"].to_numpy(dtype=float)
        inside = good & (truth < limit if name == "poor" else truth > limit)
        difference = (_honest(table, label) - truth).to_numpy(dtype=float)
        for kind in LUMINOSITY_CLASSES:
            bias, _, n = scatter(difference[inside & (table["true_class"] == kind).to_numpy()])
            result |= {f"{label}_{kind.lower()}_bias_{name}": bias, f"{label}_{kind.lower()}_bias_{name}_n": n}
    return result


def _repeats(values: pd.Series, rows: np.ndarray, table: pd.DataFrame, name: str) -> dict:
    """Scatter of one measurement from pairs of spectra of a star, with the number of pairs."""
    part = pd.DataFrame({"star": table["star_id_true"], "value": values})[rows].dropna()
    part = part.groupby("star")["value"].agg(["first", "last", "size"])
    part = part[part["size"] > 1]
    if len(part) == 0:
        return {f"{name}_repeat_sigma": None, f"{name}_repeat_n": 0}
    difference = part["first"] - part["last"]
    return {f"{name}_repeat_sigma": mad_std(difference, 0.0) / np.sqrt(2), f"{name}_repeat_n": len(part)}


def _honest(table: pd.DataFrame, label: str) -> pd.Series:
    """Predictions by models that have not seen the star: out of fold for training stars."""
    return table[f"{label}_oof"].fillna(table[label])


def _accuracies(held_out: Mapping[str, pd.DataFrame], truth: pd.DataFrame) -> dict:
    """Accuracy on held-out spectra against the truth (not against the catalogue's label, which is wrong for some)."""
    result = {}
    true_class = truth.drop_duplicates("spectrum_key").set_index("spectrum_key")["true_class"]
    late_k = truth.loc[(truth["role"] == "candidate") & (truth["true_class"] == "K"), "spectrum_key"]
    for task, table in held_out.items():
        wanted = table["spectrum_key"].map(true_class).map(CLASS_OF[task])
        counted = wanted.notna() & ~table["spectrum_key"].isin(late_k)
        result |= share(f"{task}_accuracy", table["predicted"] == wanted, counted)
        for name in sorted(set(wanted[counted])):
            result |= share(f"{task}_accuracy_{name}", table["predicted"] == wanted, counted & (wanted == name))
    return result
