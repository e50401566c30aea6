"""DGCM: candidates, consensus and catalogues."""

import pandas as pd

from mstars.classify.dgcm import apply_dgcm, dgcm_candidates, with_random_check
from mstars.core.snr import SNR


def test_giant_candidates_and_consensus(giants):
    m, dmgm, cmd, expected = giants
    found = dgcm_candidates(m, dmgm, cmd, snr_min=5).set_index("spectrum_key")
    for key, row in zip(m["spectrum_key"], expected.itertuples(), strict=True):
        if pd.isna(row.reasons):
            assert key not in found.index
        else:
            assert tuple(found.loc[key, ["candidate_reasons", "consensus_label"]]) == (row.reasons, row.consensus)
    assert found.loc["m003", "priority"] > found.loc["m006", "priority"]  # disagreements come first


def test_the_network_has_no_vote_on_giants_noisier_than_any_it_has_seen(giants):
    m, dmgm, cmd, expected = giants
    m = m.copy()
    m[list(SNR)] = 2.0
    found = dgcm_candidates(m, dmgm, cmd, snr_min=5).set_index("spectrum_key")["consensus_label"]
    assert found["m004"] == "dM" and found["m005"] == "gM"  # LAMOST alone
    assert found["m006"] == "gM"  # no one else says anything


def test_dgcm_catalogues(giants):
    m, dmgm, cmd, expected = giants
    candidates = dgcm_candidates(m, dmgm, cmd, snr_min=5)
    decisions = candidates[["spectrum_key", "consensus_label"]].rename(columns={"consensus_label": "label"})
    decisions = decisions.assign(review_status="provisional").set_index("spectrum_key")
    decisions.loc["m001"] = ["S", "reviewed"]
    decisions.loc["m003"] = ["M", "reviewed"]  # says M, not which
    decisions.loc["m009"] = ["gM", "reviewed"]  # no candidate, but a person looked
    kept, removed = apply_dgcm(m, dmgm, candidates, decisions.reset_index())
    kept, removed = kept.set_index("spectrum_key"), removed.set_index("spectrum_key")
    assert list(removed.index) == ["m001"] and removed.loc["m001", "label"] == "S"
    assert removed.loc["m001", "reason"] == "dgcm: lamost;cnn (reviewed)"
    assert kept.loc["m003", "luminosity_class"] == "gM" and kept.loc["m009", "luminosity_class"] == "gM"
    same = [key for key in kept.index if key not in ("m003", "m009")]
    truth = expected.set_index(m["spectrum_key"])["consensus"]
    assert (kept.loc[same, "luminosity_class"] == truth[same]).all()


def test_of_the_random_check_only_what_a_person_said_of_other_spectra_counts():
    columns = ["spectrum_key", "label", "review_status"]
    decisions = pd.DataFrame([["a", "dM", "provisional"], ["b", "gM", "reviewed"]], columns=columns)
    checked = pd.DataFrame(
        [["a", "gM", "reviewed"], ["c", "K", "reviewed"], ["d", "gM", "provisional"]], columns=columns
    )
    both = with_random_check(decisions, checked)
    assert both.values.tolist() == [*decisions.values.tolist(), ["c", "K", "reviewed"]]
