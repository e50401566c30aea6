import numpy as np
import pandas as pd
import pytest

from mstars.compare.contamination import contamination, population
from mstars.compare.numbers import literature_numbers, paper_numbers, random_numbers
from mstars.compare.plates import group_medians, residuals
from mstars.compare.repeats import QUANTITIES, fit_precision, pairs, precision_table
from mstars.compare.selection import completeness, outcome, wilson
from mstars.compare.tables import contamination_table, to_markdown
from mstars.figures.style import save
from mstars.figures.survey import draw_completeness, draw_plates, draw_precision, draw_sky


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def survey(n=40_000, seed=0):
    """Spectra never looked at: unknown 5 % below S/N 10 and 0.2 % above; half are faint."""
    rng = np.random.default_rng(seed)
    snri = np.where(rng.random(n) < 0.5, rng.uniform(2, 10, n), rng.uniform(20.1, 50, n))
    keys = [f"k{number}" for number in range(n)]
    classification = pd.DataFrame({"spectrum_key": keys, "candidate_reasons": "", "final_class": "dM"})
    classification.loc[0, "candidate_reasons"], classification.loc[1, "final_class"] = "spt", "rejected"
    unknown = rng.random(n) < np.where(snri < 10, 0.05, 0.002)
    truth = pd.DataFrame({"spectrum_key": keys, "label": np.where(unknown, "unknown", "dM"), "snri": snri})
    return classification, truth, rng


def test_contamination_is_found_within_errors_though_the_check_prefers_faint_spectra():
    classification, truth, rng = survey()
    spectra = population(classification, truth[["spectrum_key", "snri"]])
    assert len(spectra) == len(truth) - 2 and set(spectra["snr"]) == {"<10", "20-50"}
    seen = truth[rng.random(len(truth)) < np.where(truth["snri"] < 10, 0.2, 0.05)]
    table = contamination(spectra, seen).set_index(["label", "snr"])
    true = 100 * (truth["label"] == "unknown").mean()
    row = table.loc[("unknown", "all")]
    half = (row["high"] - row["low"]) / 2
    assert abs(row["share"] - true) < 3 * half and 0 < half < 0.4
    assert 100 * (seen["label"] == "unknown").mean() > row["share"] + 3 * half  # what plain counting would say
    assert table.loc[("K", "all"), "high"] < 0.2 and table.loc[("not M", "all"), "share"] == row["share"]
    assert random_numbers(table.reset_index())["random_unknown_share"] == row["share"]


def test_without_a_check_there_is_no_share_and_the_table_says_what_to_do():
    classification, truth, _ = survey(100)
    spectra = population(classification, truth[["spectrum_key", "snri"]])
    table = contamination(spectra, pd.DataFrame({"spectrum_key": [], "label": []}).astype(str))
    assert table["share"].isna().all() and "No one has looked yet" in to_markdown(contamination_table(table, "demo"))


def repeats(n=3000, a=200.0, b=10.0, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"star_id": np.repeat(np.arange(n).astype(str), 2), "luminosity_class": "dM"})
    table["spectrum_key"] = [f"k{number}" for number in range(2 * n)]
    table["snr_i"] = np.exp(rng.uniform(np.log(5), np.log(150), 2 * n))
    star = np.repeat(rng.normal(3600, 200, n), 2)
    for name, flag in QUANTITIES.items():
        table[name] = star + rng.normal(0, 1, 2 * n) * (a / table["snr_i"] + b)
        table[flag] = 1
    return table


def test_the_planted_precision_of_repeats_comes_back_within_errors():
    table = repeats()
    found = pairs(table, "teff")
    assert len(found) == 3000
    fit = fit_precision(found["snr_1"], found["snr_2"], found["difference"])
    assert abs(fit["a"] - 200) < 3 * fit["a_err"] < 60 and abs(fit["b"] - 10) < 3 * fit["b_err"] < 3
    spoilt = found["difference"].mask(np.arange(len(found)) % 50 == 0, 5000.0)
    fit = fit_precision(found["snr_1"], found["snr_2"], spoilt)
    assert fit["clipped"] >= 60 and abs(fit["a"] - 200) < 25 and abs(fit["b"] - 10) < 2


def test_pairs_are_independent_and_of_flagged_values():
    table = repeats(3).iloc[:5].assign(star_id="s", snr_i=[5.0, 4, 3, 2, 1])
    assert sorted(pairs(table, "teff")["snr_1"]) == [1, 3] and len(pairs(table.assign(parameter_flag=0), "teff")) == 0
    fits = precision_table(table)
    assert fits["a"].isna().all() and len(fits) == 10


def test_completeness_counts_each_step_with_wilsons_interval():
    keys = [f"k{number}" for number in range(8)]
    gaia = pd.DataFrame({"spectrum_key": keys, "phot_g_mean_mag": [14.1] * 4 + [14.6] * 3 + [np.nan]})
    gaia = gaia.assign(phot_bp_mean_mag=16.1, phot_rp_mean_mag=14.0)
    catalog = pd.DataFrame({"spectrum_key": keys[:5], "rv_flag": [1, 1, 1, 0, 1], "parameter_flag": [1, 0, 0, 0, 1]})
    table = outcome(pd.DataFrame({"spectrum_key": keys}), gaia, catalog)
    shares = completeness(table)
    assert shares["g"].tolist() == [14.0, 14.5] and shares["n"].tolist() == [4, 3]
    assert shares["recommended"].tolist() == [1, 1 / 3] and shares["rv"].tolist() == [0.75, 1 / 3]
    assert shares["parameters_low"][0] < 0.25 < shares["parameters_high"][0]
    assert completeness(table, ("g", "bp_rp"))["bp_rp"].tolist() == [2.0, 2.0]
    low, high = wilson([0, 5], [0, 10], 0.95)
    assert np.isnan(low[0]) and (low[1], high[1]) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    assert len(completeness(table.iloc[:0])) == 0


def plate_rows(n=900, seed=4):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"spectrum_key": [f"5700{i % 3}-P-B{i % 3}-sp{1 + i % 2:02d}-{i:03d}" for i in range(n)]})
    table = table.assign(ra=rng.uniform(0, 360, n), dec=rng.uniform(-5, 60, n), obsdate="2015-01-01", rv_flag=1)
    table = table.assign(parameter_flag=1, luminosity_class="dM", CMD_flag=1, bp_rp_0=rng.uniform(1.8, 2.8, n))
    table["teff"] = 4600 - 450 * table["bp_rp_0"] + rng.normal(0, 10, n) + 60 * (np.arange(n) % 3 == 0)
    table["rv"] = rng.normal(0, 30, n)
    gaia = table[["spectrum_key"]].assign(radial_velocity=table["rv"] + rng.normal(0, 2, n))
    gaia = gaia.assign(radial_velocity_error=1.0, rv_expected_sig_to_noise=50.0)
    table["rv"] += 8 * (np.arange(n) % 2 == 0)
    return table.assign(logg=4.8, m_h=rng.normal(0, 0.2, n), alpha_m=0.0), gaia


def test_a_plate_and_a_spectrograph_that_are_off_are_found():
    table = residuals(*plate_rows())
    plates, spectrographs = group_medians(table, "plate"), group_medians(table, "spectrograph")
    assert plates["plate"].tolist() == ["57000-P-B0", "57001-P-B1", "57002-P-B2"]
    teff = plates["teff"]
    assert teff[0] - (teff[1] + teff[2]) / 2 == pytest.approx(60, abs=6) and (plates["teff_err"] < 3).all()
    assert spectrographs["rv"][0] - spectrographs["rv"][1] == pytest.approx(8, abs=1)
    assert (plates["m_h_n"] == 300).all()


def test_the_figures_are_drawn_and_say_when_there_is_nothing(tmp_path):
    catalog, gaia = plate_rows()
    table = residuals(catalog, gaia)
    groups = group_medians(table, "plate"), group_medians(table, "spectrograph")
    shares = pd.DataFrame({"g": [14.0, 15.0], "n": 5, "bp_rp": 2.0})
    for step in ("recommended", "rv", "parameters"):
        shares = shares.assign(**{step: 0.5, f"{step}_low": 0.4, f"{step}_high": 0.6})
    own = repeats(200)
    drawn = [
        draw_sky(catalog),
        draw_plates(*groups),
        draw_completeness(shares, shares),
        draw_precision({name: pairs(own, name) for name in QUANTITIES}, precision_table(own)),
    ]
    for number, figure in enumerate(drawn):
        save(figure, [tmp_path / f"{number}.png"], dpi=50)
        assert "no data" not in words(figure)
    empty = residuals(catalog.iloc[:0], gaia)
    drawn = [
        draw_sky(catalog.iloc[:0]),
        draw_plates(group_medians(empty, "plate"), group_medians(empty, "spectrograph")),
        draw_completeness(shares.iloc[:0], shares.iloc[:0]),
        draw_precision({name: pairs(own.iloc[:0], name) for name in QUANTITIES}, precision_table(own.iloc[:0])),
    ]
    for number, figure in enumerate(drawn):
        save(figure, [tmp_path / f"{number}.png"], dpi=50)
        assert "no data" in words(figure)


def test_every_literature_number_of_the_paper_is_computed():
    wanted = [key for key in paper_numbers()["key"] if key.split("_")[0] in ("laspm", "li2021", "qiu2023")]
    rows = [("laspm", kind, label) for kind in ("dM", "gM") for label in ("teff", "logg", "m_h")]
    rows += [("li2021", "dM", "teff"), ("li2021", "dM", "m_h")]
    rows += [("qiu2023", "gM", label) for label in ("teff", "logg", "m_h", "alpha_m")]
    table = pd.DataFrame(rows, columns=["catalog", "kind", "label"])
    table = table.assign(pair="catalog-this", snr="all", mean=1.0, std=2.0)
    found = literature_numbers(pd.concat([table, table.assign(pair="this-apogee", mean=9.0)]))
    assert sorted(found) == sorted(wanted) and found["laspm_teff_mean_dm"] == 1 and found["laspm_teff_sigma_gm"] == 2
