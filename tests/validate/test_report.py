"""The scorecard as JSON and as a table."""

import json

from made_truth import card, survey

from mstars.validate.report import as_markdown, verdicts


def test_the_card_is_flat_json_and_a_table():
    result = card(survey())
    text = json.dumps(result, allow_nan=False)
    assert all(not isinstance(value, dict | list) for key, value in json.loads(text).items() if key != "do_nothing")
    table = as_markdown(result, "demo")
    assert "| good_harmed | 0 |" in table and "<= 0.005 met" in table and "| non_m_recall_WD | 1 |" in table
    assert verdicts(result)["rv_tm_sigma_kms"] is True
    assert verdicts({**result, "rv_tm_sigma_kms": None})["rv_tm_sigma_kms"] is None
