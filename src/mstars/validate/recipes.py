"""A simulated survey by two configs: what each repairs, harms and scatters, and who is right where they differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.validate.shares import scatter

PARTS = {
    "repaired": ("non_m_recall", "dmgm_fixed_share", "rv_repaired_share"),
    "harmed": ("good_harmed", "rv_broken", "rv_false_updates"),
    "catalogue": ("n_recommended", "purity", "completeness", "dmgm_right"),
    "scatter": ("rv_sigma_kms", "rv_outliers", "rv_tm_sigma_kms", "rv_dsal_sigma_kms"),
    "parameters": tuple(
        f"{label}_{kind.lower()}_{what}"
        for kind in LUMINOSITY_CLASSES
        for label in LABELS
        for what in ("sigma", "pull")
    ),
}
"""Keys of the scorecard that are shown, by part of the table."""

COLUMNS = ["part", "what", "nothing", "ours", "ours_n", "theirs", "theirs_n"]


def recipe_table(ours: dict, theirs: dict, outcomes: tuple[pd.DataFrame, pd.DataFrame], settings: dict) -> pd.DataFrame:
    """Two configs of one simulated survey side by side.

    Parameters
    ----------
    ours, theirs : dict
        Of `mstars.validate.scorecard.scorecard`.
    outcomes : (pandas.DataFrame, pandas.DataFrame)
        Of `mstars.validate.outcome.candidate_outcomes`, of the same truth.
    settings : dict
        The config section ``validate``.

    Returns
    -------
    pandas.DataFrame
        part, what, nothing (the input catalogue as it came), ours, theirs, and how many each was counted on. In the
        part ``where they differ`` the numbers are how many of those that differ each has right, and for parameters
        the scatter about the truth of the stars that both recommend and neither has trained on.
    """
    rows = []
    for part, keys in PARTS.items():
        for key in keys:
            counted = key.removesuffix("_sigma_kms") if key.endswith("_sigma_kms") else key.removesuffix("_sigma")
            numbers = (card.get(f"{counted}_n") for card in (ours, theirs))
            ours_n, theirs_n = numbers
            rows.append((part, key, ours["do_nothing"].get(key), ours.get(key), ours_n, theirs.get(key), theirs_n))
    rows += [
        ("where they differ", what, None, left, n, right, n) for what, left, right, n in _differ(*outcomes, settings)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"ours_n": "Int64", "theirs_n": "Int64"})


def _differ(ours: pd.DataFrame, theirs: pd.DataFrame, settings: dict) -> list[tuple[str, float, float, int]]:
    """What differs, how many each has right (or its scatter), and how many differ."""
    theirs = theirs.set_index("spectrum_key").loc[ours["spectrum_key"]].reset_index()
    is_m = ours["true_class"].isin(LUMINOSITY_CLASSES).to_numpy()
    late_k = (ours["true_class"] == "K").to_numpy()
    kept = [(table["state"] == "recommended").to_numpy() for table in (ours, theirs)]
    one_alone = (kept[0] != kept[1]) & ~late_k
    rows = [
        ("recommended by one alone", *(int(((one == is_m) & one_alone).sum()) for one in kept), int(one_alone.sum()))
    ]
    both = kept[0] & kept[1] & is_m
    classes = [table["out_class"].to_numpy(dtype=str) for table in (ours, theirs)]
    other = both & (classes[0] != classes[1])
    right = (int(((one == ours["true_class"].to_numpy(dtype=str)) & other).sum()) for one in classes)
    rows.append(("dM or gM", *right, int(other.sum())))
    return [*rows, _velocities(ours, theirs, both, settings["rv_tolerance_kms"]), *_parameters(ours, theirs, both)]


def _velocities(ours, theirs, both, tolerance: float) -> tuple[str, int, int, int]:
    """Velocities that are apart by more than the tolerance, or that one has and the other has not."""
    found = [table["rv"].to_numpy(dtype=float) for table in (ours, theirs)]
    truth = ours["true_rv_lamost"].to_numpy(dtype=float)
    measurable = both & ~ours["planted_rv"].isin(["wave_err", "low_quality"]).to_numpy()
    apart = measurable & ~(np.abs(found[0] - found[1]) <= tolerance) & np.isfinite(found).any(axis=0)
    right = (int(((np.abs(one - truth) <= tolerance) & apart).sum()) for one in found)
    return (f"rv, by more than {tolerance:g} km/s", *right, int(apart.sum()))


def _parameters(ours, theirs, both) -> list[tuple[str, float, float, int]]:
    """Scatter about the truth on the same stars."""
    rows = []
    good = both & (ours["parameter_flag"] == 1).to_numpy() & (theirs["parameter_flag"] == 1).to_numpy()
    for kind in LUMINOSITY_CLASSES:
        for label in LABELS:
            new = ours[f"{label}_oof"].isna().to_numpy() & theirs[f"{label}_oof"].isna().to_numpy()
            inside = good & new & (ours["true_class"] == kind).to_numpy()
            for table in (ours, theirs):
                inside &= (table["out_class"] == kind).to_numpy()
            truth = ours[f"true_{label}"].to_numpy(dtype=float)
            sigma = [scatter((table[label].to_numpy(dtype=float) - truth)[inside])[1] for table in (ours, theirs)]
            rows.append((f"{label} of {kind}, scatter", *sigma, int(inside.sum())))
    return rows


def recipe_rows(table: pd.DataFrame, names: tuple[str, str]) -> list[list[str]]:
    """The table for people, the head first.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `recipe_table`.
    names : (str, str)
        Of ours and theirs.

    Returns
    -------
    list of list of str
    """
    rows = [["part", "what", "doing nothing", names[0], "n", names[1], "n"]]
    for row in table.itertuples(index=False):
        rows.append([row.part, row.what, *map(_text, (row.nothing, row.ours, row.ours_n, row.theirs, row.theirs_n))])
    return rows


def as_markdown(table: pd.DataFrame, names: tuple[str, str]) -> str:
    """`recipe_rows` as a Markdown table under a heading."""
    head, *rows = (f"| {' | '.join(row)} |" for row in recipe_rows(table, names))
    lines = [f"# {names[0]} and {names[1]}: one simulated survey, two configs", ""]
    lines += ["Keys: docs/scorecard.md. Where they differ: how many of those n each has right.", ""]
    return "\n".join([*lines, head, "|---|---|---|---|---|---|---|", *rows]) + "\n"


def _text(value) -> str:
    return "-" if pd.isna(value) else f"{value:.4g}" if value != int(value) else str(int(value))
