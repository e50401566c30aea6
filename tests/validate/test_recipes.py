"""Two configs of one simulated survey side by side."""

import numpy as np
import pandas as pd
from made_truth import SETTINGS, card, survey

from mstars.validate.outcome import candidate_outcomes
from mstars.validate.recipes import COLUMNS, as_markdown, recipe_rows, recipe_table


def changed():
    """The other config keeps a white dwarf, loses a dwarf, has one wrong class, one wrong velocity, coarser labels."""
    other = survey()
    catalog = other["m_catalog"]
    catalog.loc[5, "luminosity_class"] = "gM"
    catalog.loc[6, "rv"] = 120.0
    lost = catalog.loc[[7], ["spectrum_key"]]
    kept = catalog.drop(index=7)
    dwarf = kept.iloc[[0]].assign(spectrum_key=other["non_m"]["spectrum_key"].iloc[0])
    other["m_catalog"] = pd.concat([kept, dwarf], ignore_index=True)
    other["non_m"] = pd.concat([other["non_m"].iloc[1:], lost], ignore_index=True)
    label = other["parameters"]["teff"]
    other["parameters"]["teff"] = 3600 + 3 * (label - 3600)
    return other


def table():
    sides = survey(), changed()
    return recipe_table(*map(card, sides), tuple(candidate_outcomes(**side) for side in sides), SETTINGS)


def test_who_is_right_where_they_differ():
    found = table()
    assert list(found.columns) == COLUMNS
    rows = found[found["part"] == "where they differ"].set_index("what")
    for what, right, wrong, n in (
        ("recommended by one alone", 2, 0, 2),
        ("dM or gM", 1, 0, 1),
        ("rv, by more than 30 km/s", 1, 0, 1),
    ):
        assert rows.loc[what, ["ours", "theirs", "ours_n"]].tolist() == [right, wrong, n]
    np.testing.assert_allclose(rows.loc["teff of gM, scatter", "theirs"], 3 * rows.loc["teff of gM, scatter", "ours"])
    assert rows.loc["teff of gM, scatter", "ours_n"] == 10
    assert rows.loc["teff of dM, scatter", "ours_n"] == 17  # one lost, one of another class, one trained on


def test_what_each_repairs_and_harms_is_the_scorecards():
    sides = [card(survey()), card(changed())]
    found = table().set_index("what")
    for key in ("non_m_recall", "good_harmed", "rv_sigma_kms", "teff_dm_sigma"):
        assert [found.loc[key, "ours"], found.loc[key, "theirs"]] == [one[key] for one in sides]
    assert found.loc["rv_sigma_kms", "ours_n"] == sides[0]["rv_n"]
    assert found.loc["rv_repaired_share", "nothing"] == sides[0]["do_nothing"]["rv_repaired_share"]


def test_for_people():
    head, *rows = recipe_rows(table(), ("demo", "demo_paper"))
    assert head[3] == "demo" and all(len(row) == len(head) for row in rows)
    text = as_markdown(table(), ("demo", "demo_paper"))
    assert "| where they differ | dM or gM | - | 1 | 1 | 0 | 1 |" in text and "nan" not in text
