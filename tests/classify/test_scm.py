"""SCM: candidates, consensus and catalogues."""

import numpy as np
import pandas as pd
import pytest
from made_stages import SCM, catalog, photometry, predictions

from mstars.classify.scm import apply_scm, scm_candidates
from mstars.core.snr import SNR

# spt class, probability, wdm class, CMD flag, CMD place, M_G -> reasons, consensus (None: no candidate)
CASES = [
    ("M", 0.99, "M", 1, "dM", 9.0, None, None),
    ("K", 0.999, "M", 1, "dM", 9.0, None, None),  # a K prediction alone is no reason
    ("K", 0.999, "M", 0, "other", 9.0, None, None),  # unreliable photometry neither
    ("QSO", 0.9, "M", 0, "", np.nan, "spt", "M"),
    ("QSO", 0.995, "M", 0, "", np.nan, "spt", "qso"),
    ("OB", 0.7, "M", 1, "other", 1.0, "spt;cmd", "B"),
    ("M", 0.9, "M", 1, "other", 12.0, "cmd", "M"),
    ("M", 0.9, "WD", 1, "dM", 12.0, "wdm", "M"),
    ("M", 0.9, "WD", 1, "other", 12.0, "wdm;cmd", "WD"),
    ("GALAXY", 0.6, "WD", 0, "", np.nan, "spt;wdm", "galaxy"),
    ("", np.nan, "", 0, "", np.nan, "unseen", "M"),  # no vote: the arm is lost
]


@pytest.fixture
def cases():
    columns = ("spt", "spt_prob", "wdm", "flag", "place", "M_G_0", "reasons", "consensus")
    table = pd.DataFrame(CASES, columns=columns)
    m = catalog("m", len(table), 5)
    spt = predictions(m["spectrum_key"], "spt", table["spt"], table["spt_prob"])
    wdm = predictions(m["spectrum_key"], "wdm", table["wdm"], 0.9)
    cmd = photometry(m).assign(CMD_flag=table["flag"], CMD_pos=table["place"], M_G_0=table["M_G_0"], bp_rp_0=1.0)
    return m, spt, wdm, cmd, table


def test_candidates_and_consensus(cases):
    m, spt, wdm, cmd, expected = cases
    found = scm_candidates(m, spt, wdm, cmd, settings=SCM).set_index("spectrum_key")
    for key, row in zip(m["spectrum_key"], expected.itertuples(), strict=True):
        if pd.isna(row.reasons):
            assert key not in found.index
        else:
            assert (found.loc[key, "candidate_reasons"], found.loc[key, "consensus_label"]) == (
                row.reasons,
                row.consensus,
            )
    strict = scm_candidates(m, spt, wdm, cmd, settings=SCM | {"votes_min": 1})
    assert (strict["consensus_label"] != "M").equals(strict["candidate_reasons"] != "unseen")


def test_in_a_folder_of_anything_a_k_prediction_is_a_reason(cases):
    m, spt, wdm, cmd, _ = cases
    settings = SCM | {"k_prediction": "candidate"}
    found = scm_candidates(m, spt, wdm, cmd, settings=settings).set_index("spectrum_key")
    for key in ("m001", "m002"):
        assert found.loc[key, "candidate_reasons"] == "spt" and found.loc[key, "consensus_label"] == "K"


TIO = {"tio5": 0.8, "tio5_err": 0.01}  # as a K star


def test_a_k_that_looks_like_a_white_dwarf_to_cnn_wdm_is_called_k(cases):
    m, spt, wdm, cmd, _ = (table.iloc[[2]] for table in cases)
    wdm = predictions(m["spectrum_key"], "wdm", "WD", 0.9)
    scores = pd.DataFrame({"spectrum_key": m["spectrum_key"], "ood_score": 1.5, "zro_score": 0.0} | TIO)
    found = scm_candidates(m, spt, wdm, cmd, scores, settings=SCM)
    assert found["consensus_label"].tolist() == ["K"]


OOD = ({"ood_score": 1.5}, {"ood_score": 3.5}, {"zro_score": 7.0})


@pytest.mark.parametrize(
    ("use", "reasons", "consensus"),
    [
        ("votes", ["ood", "ood", "zro"], ["M", "unknown", "S"]),
        ("candidates", ["ood", "ood", "zro"], ["M", "M", "M"]),
        ("off", [None, None, None], [None, None, None]),
    ],
)
def test_out_of_distribution_spectra_are_candidates(cases, use, reasons, consensus):
    m, spt, wdm, cmd, _ = (table.head(3) for table in cases)
    scores = pd.DataFrame(OOD).assign(spectrum_key=m["spectrum_key"], **TIO)
    settings = SCM | {"ood": SCM["ood"] | {"use": use}}
    found = scm_candidates(m, spt, wdm, cmd, None if use == "off" else scores, settings=settings)
    expected = {key: pair for key, *pair in zip(m["spectrum_key"], reasons, consensus, strict=True) if pair[0]}
    found = found.set_index("spectrum_key")
    assert found[["candidate_reasons", "consensus_label"]].T.to_dict("list") == expected


def test_an_out_of_distribution_vote_adds_to_another(cases):
    m, spt, wdm, cmd, _ = cases
    ood = pd.DataFrame({"spectrum_key": ["m003", "m006"], "ood_score": [1.1, 1.1], "zro_score": [9.0, np.nan]} | TIO)
    found = scm_candidates(m, spt, wdm, cmd, ood, settings=SCM).set_index("spectrum_key")
    # zirconium means something in what looks like M only
    assert found.loc["m003", "candidate_reasons"] == "spt;ood" and found.loc["m003", "consensus_label"] == "qso"
    assert found.loc["m006", "candidate_reasons"] == "cmd;ood" and found.loc["m006", "consensus_label"] == "unknown"


DEEP = ((0.3, 0.02, "M"), (0.3, 0.15, "unknown"), (0.7, 0.02, "unknown"))


@pytest.mark.parametrize(("tio5", "tio5_err", "label"), DEEP)
def test_deep_titanium_oxide_is_an_m_star_however_unlike_the_others(cases, tio5, tio5_err, label):
    m, spt, wdm, cmd, _ = (table.head(1) for table in cases)
    ood = pd.DataFrame({"spectrum_key": m["spectrum_key"], "ood_score": 9.0, "zro_score": 0.0})
    ood = ood.assign(tio5=tio5, tio5_err=tio5_err)
    found = scm_candidates(m, spt, wdm, cmd, ood, settings=SCM)
    assert found["candidate_reasons"].tolist() == ["ood"]  # looked at all the same
    assert found["consensus_label"].tolist() == [label]


def test_networks_have_no_vote_on_spectra_noisier_than_any_they_have_seen(cases):
    m, spt, wdm, cmd, _ = cases
    m = m.copy()
    m[list(SNR)] = 4.0
    ood = pd.DataFrame({"spectrum_key": m["spectrum_key"], "ood_score": 9.0, "zro_score": 9.0} | TIO)
    found = scm_candidates(m, spt, wdm, cmd, ood, settings=SCM)
    assert len(found) == len(m)  # candidates all the same
    assert (found["consensus_label"] == "M").all()


def test_scm_catalogues(cases):
    m, spt, wdm, cmd, _ = cases
    candidates = scm_candidates(m, spt, wdm, cmd, settings=SCM)
    decisions = candidates[["spectrum_key", "consensus_label"]].rename(columns={"consensus_label": "label"})
    decisions = decisions.assign(review_status="provisional")
    person = pd.DataFrame({"spectrum_key": ["m000"], "label": ["S"], "review_status": ["reviewed"]})
    kept, removed = apply_scm(m, spt, wdm, candidates, pd.concat([decisions, person]))
    assert len(kept) + len(removed) == len(m)
    assert set(kept["label"]) == {"M"}
    removed = removed.set_index("spectrum_key")
    assert removed.loc["m000", "reason"] == "scm: review (reviewed)"
    assert removed.loc["m005", "reason"] == "scm: spt;cmd (provisional)"
    assert set(removed["label"]) == {"S", "qso", "B", "WD", "galaxy"}
    assert set(kept["review_status"]) == {"", "provisional"}
