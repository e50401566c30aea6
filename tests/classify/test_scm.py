"""SCM and DGCM: training sets, candidates, consensus, catalogues."""

import numpy as np
import pandas as pd
import pytest

from mstars.classify.class_tables import read_class_tables
from mstars.classify.dgcm import apply_dgcm, dgcm_candidates
from mstars.classify.prediction import predict_batch
from mstars.classify.scm import apply_scm, scm_candidates
from mstars.classify.screening import screen_labels
from mstars.classify.training_sets import dmgm_training_set, scm_pool, scm_training_set, split
from mstars.core.errors import InputError
from mstars.core.snr import SNR, snr_max
from mstars.sky.star_groups import star_groups

SCM = {
    "n_per_class": 30,
    "snr_min": 5,
    "valid_share": 0.25,
    "split": "star",
    "screen": "cmd",
    "spt_prob_min": 0.99,
    "k_prediction": "ignored",
    "votes_min": 2,
    "ood": {"use": "votes", "threshold": 1.0, "sure": 3.0, "m_tio5": 0.5, "zro_sigma": 5.0},
}


def catalog(prefix, n, seed, **columns):
    generator = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"{prefix}{i:03d}" for i in range(n)]})
    table["ra"], table["dec"] = generator.uniform(0, 360, n), generator.uniform(-10, 60, n)
    for band in SNR:
        table[band] = generator.uniform(6, 60, n)
    return table.assign(**columns)


def index(*tables):
    keys = pd.concat([table["spectrum_key"] for table in tables]).drop_duplicates()
    return pd.DataFrame({"spectrum_key": keys, "batch": "a", "row": np.arange(len(keys))})


def photometry(table, flag=1, position="dM"):
    return pd.DataFrame(
        {"spectrum_key": table["spectrum_key"], "CMD_flag": flag, "CMD_pos": position, "bp_rp_0": 2.2, "M_G_0": 9.5}
    )


def stars_of(table):
    return pd.DataFrame({"spectrum_key": table["spectrum_key"], "star_id": "star" + table["spectrum_key"]})


@pytest.fixture
def survey():
    m = catalog("m", 40, 1)
    others = pd.concat(
        [catalog(name.lower(), 12, number + 2, label=name) for number, name in enumerate(("K", "WD", "QSO"))],
        ignore_index=True,
    )
    return m, others


def make(m, others, classes=("K", "M", "QSO"), spectra=None, **changes):
    settings = SCM | {key: value for key, value in changes.items() if key in SCM}
    pool, excluded = scm_pool(
        m,
        others,
        index(m, others) if spectra is None else spectra,
        changes.get("stars", stars_of(m)),
        changes.get("photometry", photometry(m)),
        classes=classes,
        settings=settings,
        radius_arcsec=3.0,
        seed=1,
    )
    pool = screen_labels(pool, None, None, how=settings["screen"], prob_min=0.5, seed=1)
    return scm_training_set(pool, excluded, classes=classes, settings=settings, seed=1, task="spt")


def test_snr_max_ignores_missing_values():
    table = pd.DataFrame([[-9999, 3, 2, 8, 1], [-9999] * 5, [np.nan, 1, 2, -9999, 0]], columns=list(SNR))
    np.testing.assert_array_equal(snr_max(table), [8, np.nan, 2])


def test_spectra_of_one_star_are_grouped_by_name_and_by_place():
    table = pd.DataFrame(
        {
            "spectrum_key": list("abcdef"),
            "ra": [10, 10 + 2 / 3600, 50, 80, 359.9999, 0.0001],
            "dec": [0.0, 0.0, 20, 30, 0, 0],
            "star_id": ["7", None, "7", "", "", None],
        }
    )
    groups = star_groups(table, 3.0)
    assert groups.tolist() == ["7", "7", "7", "pos-d", "pos-e", "pos-e"]
    assert star_groups(table, 0.5).tolist() == ["7", "pos-b", "7", "pos-d", "pos-e", "pos-f"]


def test_training_set_counts_hash_and_reasons(survey):
    m, others = survey
    m.loc[0, list(SNR)] = [-9999, 4.9, 3, 2, 1]
    m.loc[1, list(SNR)] = -9999
    outside = photometry(m)
    outside.loc[[2, 3], "CMD_pos"] = "other"
    outside.loc[3, "CMD_flag"] = 0  # unreliable photometry says nothing
    others.loc[0, "spectrum_key"] = "m004"  # M in one catalogue, K in another
    spectra = index(m, others)
    spectra = spectra[spectra["spectrum_key"] != "m005"]
    table, summary = make(m, others, spectra=spectra, photometry=outside)
    assert summary["excluded"] == {
        "labels of two catalogues differ": 2,
        "in a catalogue twice": 0,
        "no usable spectrum (rejected at ingest)": 1,
        "S/N_max below 5": 2,
        "more than needed": 0,
        "M that does not look it (scm.screen: cmd)": 1,
    }
    assert set(table["label"]) == {"K", "M", "QSO"} and not {"m000", "m002", "m004", "m005"} & set(
        table["spectrum_key"]
    )
    assert "m003" in set(table["spectrum_key"]) or summary["available"]["M"] > 30
    assert summary["available"] == {"K": 11, "M": 35, "QSO": 12}
    assert (table["label"] == "M").sum() == 30  # n_per_class
    again, same = make(m, others, spectra=spectra, photometry=outside)
    pd.testing.assert_frame_equal(table, again)
    assert same["hash"] == summary["hash"]
    kept, _ = make(m, others, screen="none", photometry=outside, n_per_class=99)
    assert "m002" in set(kept["spectrum_key"])


def test_labels_that_an_external_class_contradicts_are_left_out(survey, tmp_path):
    m, others = survey
    path = tmp_path / "golden.csv"
    rows = [(m, 0, "M"), (m, 1, "G"), (m, 2, "dM"), (others, 0, "K"), (others, 1, "M"), (others, 15, "QSO")]
    table = pd.DataFrame([(frame["ra"][row], frame["dec"][row] + 1 / 3600, name) for frame, row, name in rows])
    table.set_axis(["RAdeg", "DEdeg", "class"], axis=1).to_csv(path, index=False)
    tables = read_class_tables([path])
    given = (m, others, index(m, others), stars_of(m), photometry(m))
    options = {"classes": ("K", "M", "QSO", "WD"), "settings": SCM, "seed": 1, "class_tables": tables}
    pool, excluded = scm_pool(*given, radius_arcsec=3.0, **options)
    assert excluded["contradicted by golden.csv"] == 3  # m001 (G), k001 (M), wd003 (QSO)
    assert not {"m001", "k001", "wd003"} & set(pool["spectrum_key"])
    assert {"m000", "m002", "k000"} <= set(pool["spectrum_key"])
    assert scm_pool(*given, radius_arcsec=0.9, **options)[1]["contradicted by golden.csv"] == 0
    path.write_text("ra,dec,class\n1,2,Cepheid\n")
    with pytest.raises(InputError, match="row 1: class 'Cepheid'"):
        read_class_tables([path])
    path.write_text("ra,dec\n1,2\n")
    with pytest.raises(InputError, match="class"):
        read_class_tables([path])


def test_null_photometry_says_nothing(survey):
    m, others = survey
    missing = photometry(m).astype({"CMD_flag": "Int64"})
    missing.loc[:5, "CMD_flag"] = pd.NA
    missing.loc[3, "CMD_pos"] = None
    table, _ = make(m, others, photometry=missing.iloc[1:], n_per_class=99)
    assert (table["label"] == "M").sum() == len(m)


def test_split_by_star_keeps_repeats_on_one_side_and_by_spectrum_does_not(survey):
    m, others = survey
    repeats = stars_of(m)
    repeats["star_id"] = [f"s{i // 4}" for i in range(len(m))]
    table, summary = make(m, others, stars=repeats, n_per_class=99)
    sides = table.groupby("star_id")["split"].nunique()
    assert (sides == 1).all()
    share = (table["split"] == "valid").groupby(table["label"]).mean()
    assert share.between(0.2, 0.4).all()
    assert summary["counts"]["M"]["valid"] == (table.query("label == 'M'")["split"] == "valid").sum()
    papers, _ = make(m, others, stars=repeats, n_per_class=99, split="spectrum")
    assert (papers.groupby("star_id")["split"].nunique() == 2).any()
    assert (papers.query("label == 'M'")["split"] == "valid").sum() == 10


def test_split_leaves_something_to_train_on():
    generator = np.random.default_rng(1)
    labels = np.array(["a", "a", "b", "c", "c", "c"])
    valid = split(labels, np.array(list("123456")), "star", 0.25, generator)
    assert not valid[2]  # one star only: train on it
    assert valid[:2].sum() == 1 and valid[3:].sum() == 1


def test_classes_without_spectra_are_left_out_but_two_are_needed(survey):
    m, others = survey
    _, summary = make(m, others, classes=("OB", "K", "M", "QSO"))
    assert summary["classes"] == ["K", "M", "QSO"]
    with pytest.raises(InputError, match="spectra of M only"):
        make(m, others, classes=("M", "GALAXY"))


def test_a_table_with_a_key_twice_is_refused(survey):
    m, others = survey
    doubled = pd.concat([photometry(m), photometry(m).head(1)])
    with pytest.raises(InputError, match="twice"):
        make(m, others, photometry=doubled)


def predictions(keys, task, names, probability):
    return pd.DataFrame({"spectrum_key": keys, f"{task}_class": names, f"{task}_prob": probability})


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
    ("", np.nan, "", 0, "", np.nan, None, None),  # a spectrum of constants
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
    assert (strict["consensus_label"] != "M").all()


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


# LAMOST, CNN, CMD flag, CMD place -> reasons (None: no candidate), consensus
GIANTS = [
    ("dM", "dM", 1, "dM", None, "dM"),
    ("gM", "gM", 1, "dM", "lamost;cnn", "gM"),
    ("gM", "dM", 1, "dM", "lamost", "dM"),
    ("dM", "gM", 1, "gM", "cnn;cmd", "gM"),
    ("dM", "gM", 0, "gM", "cnn", "gM"),  # one each, unreliable CMD: the CNN breaks the tie
    ("gM", "dM", 0, "", "lamost", "dM"),
    ("", "gM", 0, "", "cnn", "gM"),  # no vote from LAMOST
    ("gM", "", 0, "", "lamost", "gM"),
    ("dM", "dM", 1, "gM", "cmd", "dM"),
    ("", "dM", 1, "other", None, "dM"),
]


@pytest.fixture
def giants():
    table = pd.DataFrame(GIANTS, columns=["lamost", "cnn", "flag", "place", "reasons", "consensus"])
    m = catalog("m", len(table), 6, lamost_class=table["lamost"], label="M", review_status="", candidate_reasons="")
    dmgm = predictions(m["spectrum_key"], "dmgm", table["cnn"], 0.9)
    return m, dmgm, photometry(m).assign(CMD_flag=table["flag"], CMD_pos=table["place"]), table


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


def test_dmgm_training_set(giants):
    m, _, cmd, _ = giants
    settings = SCM | {"drop_cmd_disagreement": True}
    table, summary = dmgm_training_set(m, index(m), stars_of(m), cmd, settings=settings, radius_arcsec=3.0, seed=1)
    assert set(table["spectrum_key"]) == {"m000", "m004", "m005", "m007"}
    assert summary["excluded"]["CMD region contradicts the class"] == 4
    assert summary["excluded"]["no luminosity class from LAMOST"] == 2
    everything, _ = dmgm_training_set(
        m, index(m), stars_of(m), cmd, settings=SCM | {"drop_cmd_disagreement": False}, radius_arcsec=3.0, seed=1
    )
    assert len(everything) == 8
    dwarfs, few = m.assign(lamost_class="dM"), settings | {"n_per_class": 5}
    with pytest.raises(InputError, match="class gM"):
        dmgm_training_set(dwarfs, index(m), stars_of(m), cmd, settings=few, radius_arcsec=3.0, seed=1)


def test_a_batch_is_predicted_from_the_store(tmp_path):
    from made_networks import SMALL, make_store

    from mstars.networks.architecture import build_network
    from mstars.networks.folder import Model
    from mstars.networks.inference import predict_classifier
    from mstars.spectra.preprocessing import classifier_input

    keys = np.array([f"k{i}" for i in range(7)])
    spectra = make_store(tmp_path / "a.h5", keys, 1)
    model = Model(build_network(SMALL, 2, 1).eval(), "classifier", "wdm", ["WD", "M"])
    other = Model(build_network(SMALL, 3, 2).eval(), "classifier", "spt", ["K", "M", "QSO"])
    tables = predict_batch([model, other], tmp_path / "a.h5", np.array(["k5", "k1", "k2", "gone"]), chunk=3)
    table = tables["wdm"]
    alone = predict_batch([other], tmp_path / "a.h5", np.array(["k5", "k1", "k2"]), chunk=3)
    pd.testing.assert_frame_equal(tables["spt"], alone["spt"])
    assert list(tables) == ["wdm", "spt"] and list(alone) == ["spt"]
    assert table["spectrum_key"].tolist() == ["k1", "k2", "k5"]
    _, probability = predict_classifier(model, classifier_input(spectra.select([1, 2, 5])))
    np.testing.assert_allclose(table[["prob_WD", "prob_M"]], probability, rtol=1e-5)
    np.testing.assert_allclose(table["wdm_prob"], probability.max(axis=1), rtol=1e-5)
    nothing = predict_batch([model], tmp_path / "a.h5", np.array(["gone"]))["wdm"]
    assert len(nothing) == 0 and list(nothing.columns) == list(table.columns)
