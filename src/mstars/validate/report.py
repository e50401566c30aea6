"""The scorecard for people: our numbers, those of the unchanged input, and whether each aim is met."""

from __future__ import annotations

from mstars.core.classes import CLASS_SUFFIXES
from mstars.core.labels import LABELS

AIMS = {
    "non_m_recall": (">=", 0.9),
    "good_harmed": ("<=", 0.005),
    "dmgm_fixed_share": (">=", 0.9),
    "rv_tm_sigma_kms": ("<=", 5.0),
    "rv_repaired_share": (">=", 0.9),
    "rv_false_updates": ("<=", 0.01),
}
"""Limits that the demo must keep."""

_HEAD = (
    "n_input",
    "n_recommended",
    "n_non_m",
    "n_rejected",
    "n_lost",
    "purity",
    "purity_with_late_k",
    "completeness",
    "non_m_recall",
    "good_harmed",
    "dmgm_planted",
    "dmgm_fixed",
    "dmgm_fixed_share",
    "spt_accuracy",
    "wdm_accuracy",
    "dmgm_accuracy",
    "rv_tm_sigma_kms",
    "rv_tm_pull_dm",
    "rv_tm_pull_gm",
    "rv_dsal_sigma_kms",
    "rv_sigma_kms",
    "rv_pull_dm",
    "rv_pull_gm",
    "rv_paper_sigma_kms",
    "rv_bias_kms",
    "rv_planted",
    "rv_repaired",
    "rv_repaired_share",
    "rv_false_updates",
)
_PARAMETERS = tuple(
    f"{label}_{kind}_{what}"
    for kind in CLASS_SUFFIXES.values()
    for label in LABELS
    for what in ("bias", "sigma", "pull")
)


def verdicts(card: dict) -> dict[str, bool | None]:
    """Whether each aim is met; None where nothing could be counted."""
    result = {}
    for key, (sign, limit) in AIMS.items():
        value = card.get(key)
        result[key] = None if value is None else (value >= limit if sign == ">=" else value <= limit)
    return result


def scorecard_rows(card: dict) -> list[list[str]]:
    """The main keys as a table: this catalogue, doing nothing, the aim.

    Parameters
    ----------
    card : dict
        Of `mstars.validate.scorecard.scorecard`.

    Returns
    -------
    list of list of str
        Rows of six cells, the head first.
    """
    met, nothing = verdicts(card), card["do_nothing"]
    recalls = [key for key in card if key.startswith("non_m_recall_") and not key.endswith(("_n", "_lo", "_hi"))]
    repaired = [
        key for key in card if key.startswith("rv_repaired_") and not key.endswith(("_n", "_lo", "_hi", "share"))
    ]
    rows = [["key", "this catalogue", "limits", "n", "doing nothing", "aim"]]
    for key in (*_HEAD, *recalls, *repaired, *_PARAMETERS):
        limits = (
            f"{_text(card[f'{key}_lo'])} to {_text(card[f'{key}_hi'])}" if card.get(f"{key}_lo") is not None else ""
        )
        number = card.get(f"{key}_n", card.get(f"{_base(key)}_n", ""))
        aim = ""
        if key in AIMS:
            sign, limit = AIMS[key]
            aim = f"{sign} {limit:g} " + {True: "met", False: "NOT MET", None: "no data"}[met[key]]
        rows.append([key, _text(card.get(key)), limits, str(number), _text(nothing.get(key)), aim])
    return rows


def as_markdown(card: dict, title: str) -> str:
    """`scorecard_rows` as a Markdown table under a heading."""
    head, *rows = (f"| {' | '.join(row)} |" for row in scorecard_rows(card))
    lines = [f"# Scorecard of {title}", "", "Keys: docs/scorecard.md. Shares with 95 % limits and number.", ""]
    return "\n".join([*lines, head, "|---|---|---|---|---|---|", *rows]) + "\n"


def _base(key: str) -> str:
    """``rv_tm`` of rv_tm_sigma_kms, ``teff_dm`` of teff_dm_bias: their number counts."""
    for end in ("_sigma_kms", "_bias_kms", "_sigma", "_bias"):
        if key.endswith(end):
            return key.removesuffix(end)
    return key


def _text(value) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4g}"
