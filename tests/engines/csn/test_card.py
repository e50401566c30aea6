from mstars.engines.csn.card import LINES, as_markdown, trust_card, trust_rows


def sources():
    label = {"moved": 0.4, "r2_split": 0.8, "bias": 97.0, "slope": 0.4}
    pairs = {"teff": label, "logg": {**label, "correlation_true_own": 0.45}, "m_h": label}
    model = {"iterations": 20000, "best_iteration": 18000, "told_apart_shared": 0.55, "told_apart_spectra": None}
    return {
        "model": {"about": model},
        "transfer": {"theory": 2.0, "transfer": float("nan")},
        **dict.fromkeys(("split", "gravity"), pairs),
        "zero_point": {**pairs, "teff_share": 0.97},
    }


def test_each_number_is_that_of_its_source():
    card = trust_card(sources())
    assert list(card) == list(LINES)
    assert card["told_apart_shared"] == 0.55 and card["residual_theory"] == 2 and card["zero_point_teff_share"] == 0.97
    assert card["split_m_h_moved"] == 0.4 and card["gravity_logg_correlation_true_own"] == 0.45
    assert card["residual_transfer"] is None and card["told_apart_spectra"] is None
    assert card["gravity_logg_correlation_true_other"] is None  # a real survey has no truth


def test_aims_are_met_or_not():
    rows = {row[0]: row for row in trust_rows(trust_card(sources()))}
    assert rows["told_apart_shared"][2] == "<= 0.6 met" and rows["split_teff_moved"][2] == "<= 1 met"
    assert rows["split_teff_r2_split"][2] == "<= 0.1 NOT MET" and rows["zero_point_teff_share"][2] == ""
    none = {row[0]: row for row in trust_rows(trust_card({}))}
    assert none["told_apart_shared"][1:3] == ["-", "<= 0.6 no data"]


def test_people_read_a_table():
    said = as_markdown(trust_card(sources()), "demo")
    assert said.startswith("# Cycle-StarNet on demo") and "| zero_point_teff_share | 0.97 |" in said
