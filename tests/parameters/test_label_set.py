"""Training sets of the parameter engines."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.parameters.apogee_filter import apogee_labels
from mstars.parameters.label_set import SetNames, SurveyRules, label_set

RULES = SurveyRules("2012-01-14", 3.0, seed=1)

SETTINGS = {
    "folds": 3,
    "split": "star",
    "snr_min": 5,
    "min_labelled": 3,
    "aspcap_class": "consistent",
    "aspcapflag_reject": [],
}


def catalogs(n=60):
    """m_catalog_v3, the APOGEE crossmatch, ingested spectra and stars; every third spectrum repeats a star."""
    keys = [f"56000-P1-sp01-{number:03d}" for number in range(n)]
    star = np.arange(n) - (np.arange(n) % 3 == 2)
    m_catalog = pd.DataFrame({"spectrum_key": keys, "ra": 10.0 + star, "dec": 5.0, "luminosity_class": "dM"})
    m_catalog = m_catalog.assign(
        snru=-9999.0, snrg=3.0, snrr=20.0, snri=40.0, snrz=30.0, obsdate="2013-01-01", rv=12.0, batch="b1"
    )
    stars = pd.DataFrame({"spectrum_key": keys, "star_id": [f"s{number:03d}" for number in star]})
    spectra = pd.DataFrame({"spectrum_key": keys, "batch": "b1", "row": np.arange(n)})
    apogee = pd.DataFrame({"spectrum_key": keys, "apogee_id": [f"2M{number:04d}" for number in star], "SNR": 100.0})
    apogee = apogee.assign(TEFF=3500.0 + star, TEFF_ERR=60.0, LOGG=4.7, LOGG_ERR=0.05, M_H=-0.1, M_H_ERR=0.02)
    apogee = apogee.assign(ALPHA_M=0.02, ALPHA_M_ERR=-9999.0, ASPCAP_CLASS="Md_a", ASPCAPFLAG=0)
    return m_catalog, apogee, spectra, stars


def build(m_catalog, apogee, spectra, stars, rules=RULES, **changes):
    tables = (m_catalog, apogee_labels(apogee), spectra, stars)
    names, settings = SetNames("tlma_dM", "spmm"), SETTINGS | changes
    return label_set(*tables, kind="dM", labels=LABELS, settings=settings, rules=rules, names=names)


def test_the_training_set_counts_what_it_leaves_out():
    m_catalog, apogee, spectra, stars = catalogs()
    apogee.loc[0, "M_H"] = -9999.0  # missing in one label only
    apogee.loc[3, "ASPCAP_CLASS"] = "GKg_b"
    apogee.loc[4, "ASPCAP_CLASS"] = "GKd_c"  # an M star above 3500 K
    apogee.loc[6, "apogee_id"] = ""  # not matched
    apogee.loc[7, "ASPCAPFLAG"] = 1 << 23
    m_catalog.loc[9, "obsdate"] = "2012-01-14"
    m_catalog.loc[10, "rv"] = np.nan
    m_catalog.loc[12, ["snrr", "snri", "snrz"]] = 4.9
    m_catalog.loc[13, "luminosity_class"] = "gM"
    spectra = spectra.drop(index=15)
    table, summary = build(m_catalog, apogee, spectra, stars)
    assert summary["excluded"]["m_h missing in APOGEE"] == 1
    assert summary["excluded"]["ASPCAP_CLASS contradicts the class"] == 1
    assert summary["excluded"]["no APOGEE star"] == 1
    assert summary["excluded"]["rv_flag 0 (wavelengths before 2012-01-14)"] == 1
    assert summary["excluded"]["no RV"] == 1
    assert summary["excluded"]["S/N_max below 5"] == 1
    assert summary["excluded"]["no usable spectrum (rejected at ingest)"] == 1
    assert summary["spectra"] == len(table) == 60 - 1 - 7
    assert table["alpha_m_label_err"].isna().all() and (table["teff_label_err"] == 60).all()
    cut, summary = build(m_catalog, apogee, spectra, stars, aspcapflag_reject=[23], aspcap_class="any")
    assert summary["excluded"]["rejected ASPCAPFLAG bit"] == 2 and len(cut) == len(table) + 1 - 2


def test_the_training_set_follows_the_day_of_the_cut_and_the_radius_of_a_star():
    m_catalog, apogee, spectra, stars = catalogs()
    m_catalog.loc[9, "obsdate"] = "2012-01-14"
    _, summary = build(m_catalog, apogee, spectra, stars, SurveyRules("2012-01-13", 3.0, seed=1))
    assert summary["excluded"]["rv_flag 0 (wavelengths before 2012-01-13)"] == 0
    stars, near = stars.assign(star_id=""), m_catalog.assign(ra=10.0 + np.arange(60) * 2 / 3600, dec=0.0)
    _, apart = build(near, apogee, spectra, stars, SurveyRules("2012-01-13", 1.0, seed=1))
    assert apart["stars"] == 60
    with pytest.raises(InputError, match="1 labelled stars"):  # all within a chain of 2 arcsec
        build(near, apogee, spectra, stars, SurveyRules("2012-01-13", 3.0, seed=1))


def test_repeats_in_allstar_give_one_set_of_labels():
    m_catalog, apogee, spectra, stars = catalogs()
    twice = apogee.iloc[[5]].assign(SNR=300.0, TEFF=3999.0)
    table, _ = build(m_catalog, pd.concat([apogee, twice]), spectra, stars)
    same_star = table.set_index("spectrum_key").loc[["56000-P1-sp01-004", "56000-P1-sp01-005"], "teff"]
    assert same_star.tolist() == [3999.0, 3999.0] and len(table) == 60


def test_too_few_labelled_stars_is_an_error_that_says_what_to_do():
    m_catalog, apogee, spectra, stars = catalogs(6)
    with pytest.raises(InputError, match=r"tlma_dM: 4 labelled stars, at least 10 .*spmm.folds.*external.apogee"):
        build(m_catalog, apogee, spectra, stars, folds=10)
    with pytest.raises(InputError, match="tlma_dM: 0 labelled stars"):
        build(m_catalog, apogee.iloc[:0], spectra, stars)


@pytest.mark.parametrize("how, leaks", [("star", False), ("spectrum", True)])
def test_folds_by_star_keep_repeats_together(how, leaks):
    table, summary = build(*catalogs(), split=how)
    assert (table.groupby("star_id")["fold"].nunique() > 1).any() == leaks
    assert max(summary["folds"]) - min(summary["folds"]) <= 2 and sum(summary["folds"]) == 60
    assert build(*catalogs(), split=how)[1]["hash"] == summary["hash"]


def test_cuts_are_limits_included_and_a_missing_error_stays():
    m_catalog, apogee, spectra, stars = catalogs()
    apogee.loc[3, "TEFF_ERR"] = -9999.0
    cuts = {"teff": (3500.0, 3540.0), "teff_label_err": (None, 60.0), "logg": (4.0, None)}
    table, summary = build(m_catalog, apogee, spectra, stars, cuts=cuts)
    assert table["teff"].between(3500, 3540).all() and table["teff"].max() == 3540
    assert summary["excluded"]["teff outside 3500..3540"] == 60 - len(table)
    assert summary["excluded"]["teff_label_err outside ..60"] == 0 and table["teff_label_err"].isna().sum() == 1
    with pytest.raises(InputError, match="spmm.cuts: no column 'feh'"):
        build(m_catalog, apogee, spectra, stars, cuts={"feh": (0, 1)})


def test_labels_of_another_survey_need_no_aspcap_class():
    m_catalog, apogee, spectra, stars = catalogs()
    others = pd.DataFrame({"spectrum_key": apogee["spectrum_key"], "label_id": stars["star_id"], "teff": 3600.0})
    others = others.assign(teff_label_err=np.nan, m_h=0.1, m_h_label_err=0.2)
    others.loc[5, "label_id"], others.loc[6, "m_h"] = None, np.nan
    names, arguments = SetNames("other_dM", "engines.other", "StarHorse"), {"settings": SETTINGS, "rules": RULES}
    tables = (m_catalog, others, spectra, stars)
    table, summary = label_set(*tables, kind="dM", labels=("teff", "m_h"), names=names, **arguments)
    assert summary["excluded"]["no StarHorse star"] == 1 and summary["excluded"]["m_h missing in StarHorse"] == 1
    assert "ASPCAP_CLASS" not in table and "logg" not in table and len(table) == 58
    same = build(m_catalog, apogee, spectra, stars)[0].set_index("spectrum_key")["fold"]
    assert len(same) == 60 and table["fold"].nunique() == 3


def test_engines_with_the_same_stars_have_the_same_folds():
    m_catalog, apogee, spectra, stars = catalogs()
    names, arguments = SetNames("one_dM", "engines.one"), {"settings": SETTINGS, "rules": RULES}
    tables = (m_catalog, apogee_labels(apogee), spectra, stars)
    one, _ = label_set(*tables, kind="dM", labels=("teff",), names=names, **arguments)
    assert one["fold"].tolist() == build(m_catalog, apogee, spectra, stars)[0]["fold"].tolist()


def test_the_papers_training_set_has_no_cut_by_date():
    tables = catalogs()
    tables[0].loc[9, "obsdate"] = "2012-01-14"
    ours, paper = (build(*tables, training_rv=which) for which in ("recommended", "any"))
    assert set(paper[0]["spectrum_key"]) - set(ours[0]["spectrum_key"]) == {tables[0]["spectrum_key"][9]}
    assert not [reason for reason in paper[1]["excluded"] if "rv_flag" in reason]
