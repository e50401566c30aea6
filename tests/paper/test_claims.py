"""The paper's claims from tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest
from made_results import decisions, folds

from mstars.core.classes import CLASS_SUFFIXES
from mstars.core.labels import LABELS
from mstars.paper.claims import (
    apogee_differences,
    apogee_numbers,
    faint_numbers,
    precision_numbers,
    red_end_numbers,
    training_numbers,
    training_star_numbers,
)
from mstars.paper.numbers import (
    catalog_numbers,
    dgcm_numbers,
    fold_numbers,
    fold_table,
    literature_numbers,
    paper_numbers,
    rv_numbers,
    scm_numbers,
    velocity_numbers,
)


def apogee_of(keys, **values):
    table = pd.DataFrame({"spectrum_key": list(keys), "TEFF": 3500.0, "LOGG": 5.0, "M_H": 0.0, "ALPHA_M": 0.0})
    return table.assign(ASPCAP_CLASS="Md_a").assign(**values)


def catalog_of(keys, **values):
    table = pd.DataFrame({"spectrum_key": list(keys), "luminosity_class": "dM", "parameter_flag": 1})
    return table.assign(teff=3500.0, logg=5.0, m_h=0.0, alpha_m=0.0).assign(**values)


def test_means_and_deviations_are_of_recommended_spectra_of_one_class_by_both():
    catalog = catalog_of("abcde", teff=[3510.0, 3530.0, 3900.0, 3900.0, 3900.0], parameter_flag=[1, 1, 0, 1, 1])
    apogee = apogee_of("abcde", ASPCAP_CLASS=["Md_a"] * 3 + ["Mg_a", "Md_a"], TEFF=[3500.0] * 4 + [-9999])
    numbers = apogee_numbers(apogee_differences(catalog, apogee))
    assert (numbers["apogee_teff_mean_dm"], numbers["apogee_teff_sigma_dm"]) == (20, 10)
    assert numbers["apogee_teff_sigma_dm:n"] == 2 and numbers["apogee_logg_sigma_dm:n"] == 3
    assert np.isnan(numbers["apogee_teff_sigma_gm"])


def test_biases_are_of_the_ranges_of_apogees_labels():
    catalog = catalog_of("abcd", m_h=[-0.9, -0.4, 0.0, 0.0], alpha_m=[0.1, 0.1, 0.1, 0.1])
    apogee = apogee_of("abcd", M_H=[-1.0, -0.6, -0.5, -1.2], ALPHA_M=[0.20, 0.15, 0.14, 0.0])
    numbers = apogee_numbers(apogee_differences(catalog, apogee))
    assert numbers["bias_m_h_poor_dm"] == pytest.approx(0.15) and numbers["bias_m_h_poor_dm:n"] == 2
    assert numbers["bias_alpha_m_rich_dm"] == pytest.approx(-0.075)
    giants = apogee_differences(catalog.assign(luminosity_class="gM"), apogee.assign(ASPCAP_CLASS="Mg_a"))
    assert apogee_numbers(giants)["bias_alpha_m_rich_gm"] == pytest.approx(-0.1)


def test_gains_are_of_the_same_stars_and_each_has_its_least_and_most():
    rows = [("a", "catalog-apogee", 62.0), ("a", "this-apogee", 31.0), ("b", "catalog-apogee", 40.0)]
    rows += [("b", "this-apogee", 30.0), ("a", "catalog-this", 99.0)]
    table = pd.DataFrame(rows, columns=["catalog", "pair", "std"]).assign(kind="dM", label="teff", snr="all", n=7)
    other = table.assign(snr="20-50", std=1.0)
    sample = pd.DataFrame({"luminosity_class": ["dM", "dM"]})
    for label in LABELS:
        sample[f"{label}_this"], sample[f"{label}_apogee"] = [1.0, 3.0], [0.0, 0.0]
    numbers = precision_numbers(pd.concat([table, other]), sample)
    assert (numbers["a_apogee_teff_sigma_dm"], numbers["a_this_apogee_teff_sigma_dm"]) == (62, 31)
    assert (numbers["others_teff_sigma_least_dm"], numbers["others_teff_sigma_most_dm"]) == (40, 62)
    assert (numbers["gain_teff_least_dm"], numbers["gain_teff_most_dm"], numbers["gain_most_dm"]) == (25, 50, 50)
    assert numbers["good_apogee_teff_sigma_dm"] == 1 and numbers["a_apogee_teff_sigma_dm:n"] == 7
    assert "gain_most_gm" not in numbers and np.isnan(numbers["good_apogee_teff_sigma_gm"])


def test_red_end_anomalies_are_those_of_tml7500():
    v3 = pd.DataFrame({"spectrum_key": list("abcde"), "rv_paper_from": ["TML7500"] * 4 + ["TM"]})
    v3 = v3.assign(spt_class=["M", "M", "K", "G", "M"], wdm_class="M", dmgm_class=["dM", "gM", "gM", "gM", "gM"])
    catalog = pd.DataFrame({"spectrum_key": list("abc"), "parameter_flag": [0, 1, 0]})
    numbers = red_end_numbers(v3, catalog)
    assert (numbers["red_end_spt_m"], numbers["red_end_wdm_m"], numbers["red_end_dmgm_dm"]) == (50, 100, 25)
    assert numbers["red_end_recommended"] == 25 and numbers["red_end_spt_m:n"] == 4
    assert np.isnan(red_end_numbers(v3.iloc[4:], catalog)["red_end_spt_m"])


def test_faint_spectra_have_no_band_above_the_limit():
    bands = {f"snr{band}": [-9999.0, 1.0, 2.0, np.nan] for band in "ugrz"}
    numbers = faint_numbers(pd.DataFrame(bands | {"snri": [4.9, 5.0, 80.0, np.nan]}), 5)
    assert numbers["faint_share"] == 50 and numbers["faint_share:n"] == 4


def test_weights_are_those_of_the_loss_and_counts_of_both_sides():
    sides = {"OB": {"train": 6209, "valid": 2070}, "M": {"train": 22500, "valid": 7500}}
    dwarfs = {"WD": {"train": 0, "valid": 0}, "M": {"train": 5, "valid": 2}}
    table = pd.DataFrame({"truth": ["WD", "WD", "M"], "predicted": ["WD", "A", "WD"]})
    numbers = training_numbers({"spt": {"counts": sides}, "wdm": {"counts": dwarfs}}, {"spt9": table})
    assert (numbers["train_OB"], numbers["train_M"], numbers["train_WD"]) == (8279, 30000, 0)
    assert numbers["weight_OB"] == pytest.approx(3.62, abs=0.005) and np.isnan(numbers["weight_WD"])
    assert numbers["spt9_wd_accuracy"] == 50 and numbers["spt9_wd_accuracy:n"] == 2


def test_training_spectra_count_whatever_their_flags():
    labels = pd.DataFrame({"spectrum_key": list("ab")}).assign(**dict.fromkeys(LABELS, 1.0))
    catalog = labels.assign(parameter_flag=0, teff=[3.0, 1.0])
    numbers = training_star_numbers([labels, labels.iloc[:0]], catalog)
    assert (numbers["training_teff_mean_dm"], numbers["training_teff_sigma_dm"]) == (1, 1)
    assert numbers["training_teff_sigma_dm:n"] == 2 and np.isnan(numbers["training_teff_mean_gm"])


def test_every_number_of_the_paper_has_one_key_that_is_computed():
    paper = paper_numbers()
    keys = paper.loc[paper["key"] != "", "key"]
    assert keys.is_unique
    alone = paper["paper"].isna()  # what stands in a figure only
    assert paper.loc[alone, "note"].isin(["in the figure alone", "not in the paper"]).all()
    catalogues = {"laspm", "ding2022", "li2021", "qiu2023", "liang2022"}
    rows = [
        (name, kind, pair, label)
        for name in catalogues
        for kind in CLASS_SUFFIXES
        for pair in ("catalog-this", "catalog-apogee", "this-apogee")
        for label in LABELS
    ]
    literature = pd.DataFrame(rows, columns=["catalog", "kind", "pair", "label"])
    literature = literature.assign(snr="all", n=3, mean=0.0, std=1.0)
    sample = pd.DataFrame({"luminosity_class": ["dM", "gM"]})
    sample = sample.assign(**{f"{label}_{side}": 1.0 for label in LABELS for side in ("this", "apogee")})
    labelled = pd.DataFrame({"spectrum_key": ["a"]}).assign(**dict.fromkeys(LABELS, 1.0))
    v3 = pd.DataFrame({"spectrum_key": ["a"], "rv_paper_from": "TML7500", "obsdate": "2013-01-01"})
    v3 = v3.assign(spt_class="M", wdm_class="M", dmgm_class="dM")
    sides = {"counts": {name: {"train": 3, "valid": 1} for name in ("OB", "M", "WD")}}
    validation = pd.DataFrame({"truth": ["WD"], "predicted": ["WD"]})
    snr = pd.DataFrame({f"snr{band}": [9.0] for band in "ugriz"})
    known = {f"{task}_accuracy" for task in ("spt", "wdm", "dmgm", "spt9")} | {"random_unknown_share"}
    for numbers in (
        *stage_numbers(v3),
        apogee_numbers(apogee_differences(catalog_of("a"), apogee_of("a"))),
        precision_numbers(literature, sample),
        literature_numbers(literature),
        red_end_numbers(v3, catalog_of("a")),
        faint_numbers(snr, 5),
        training_numbers({"spt": sides, "wdm": sides}, {"wdm": validation, "spt9": validation}),
        training_star_numbers([labelled, labelled], catalog_of("a")),
        fold_numbers(pd.concat([fold_table("dM", folds()), fold_table("gM", folds())])),
    ):
        known |= set(numbers)
    assert set(keys) <= known, sorted(set(keys) - known)


def stage_numbers(v3):
    """Numbers of SCM, DGCM, RVMM and the catalogue, of one spectrum."""
    v1 = pd.DataFrame({"spectrum_key": ["a"], "lamost_class": "dM", "spt_class": "M", "wdm_class": "M"})
    v2 = v1.assign(luminosity_class="dM", dmgm_class="dM")
    photometry = pd.DataFrame({"spectrum_key": ["a"], "CMD_flag": 1, "CMD_pos": "dM"})
    gaia = pd.DataFrame({"spectrum_key": ["a"], "source_id": [1], "radial_velocity": [1.0]})
    gaia = gaia.assign(radial_velocity_error=1.0, rv_expected_sig_to_noise=30.0)
    none = decisions(["M"])
    band = {"mean": 0.0, "sigma": 1.0, "k": 3, "own": True, "n_outside": 1}
    both = {choice: {name: band for name in ("dsal1", "dsal2")} for choice in ("all", "outside")}
    summary = dict.fromkeys(("n_suspect", "n_fast", "n_candidates", "n_without_dsal", "n_no_lamost_rv"), 1)
    summary |= {"bands": {"tm": band} | both["all"], "dsal_bands": both}
    selection = pd.DataFrame({"spectrum_key": ["a"], "lamost_rv": 1.0, "rv_dsal1": 1.0, "rv_dsal2": 1.0})
    selection = selection.assign(in_tm_band=True, candidate=False)
    catalog = catalog_of("a", rv=1.0, rv_flag=1, rv_paper_err=1.0, rv_paper_from="TM")
    catalog = catalog.assign(**{f"{label}_spread": 0.1 for label in LABELS})
    catalog = catalog.assign(**{f"{what}_{band}": 30.0 for what in ("snr", "orp") for band in "ugriz"})
    yield scm_numbers(v1, gaia, photometry, v1, none, v1, v1)
    yield dgcm_numbers(v1, photometry, v2, none, v2, v1, v2)
    yield rv_numbers(selection, summary, none, v3, rv_cut="2012-01-14")
    yield catalog_numbers(catalog, {})
    yield velocity_numbers(catalog, gaia, selection)
