import numpy as np
import pandas as pd
import pytest

from mstars.paper.figures.activity import active_share, draw_indices
from mstars.paper.figures.style import save
from mstars.paper.figures.survey import draw_completeness, draw_plates, draw_precision, draw_sky
from mstars.paper.numbers import literature_numbers, paper_numbers, random_numbers
from mstars.paper.rendering import to_markdown
from mstars.paper.tables import contamination_table
from mstars.review.queues import ordered
from mstars.review.spot_check import spot_check
from mstars.survey.completeness import completeness, outcome, wilson
from mstars.survey.contamination import contamination, population
from mstars.survey.plates import group_medians, residuals
from mstars.survey.repeats import QUANTITIES, fit_precision, pairs, precision_table


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def survey(n=6000, seed=0):
    """Spectra as SCM leaves them: unknown 8 % below S/N 10, 0.5 % above, K 20 % of what SCM queued; half are faint."""
    rng = np.random.default_rng(seed)
    snri = np.where(rng.random(n) < 0.5, rng.uniform(2, 10, n), rng.uniform(20.1, 50, n))
    keys = [f"k{seed}-{number:05d}" for number in range(n)]
    reasons = np.where(rng.random(n) < 0.1, "cmd", "")
    table = pd.DataFrame({"spectrum_key": keys, "candidate_reasons": reasons, "dmgm_class": "dM", "snri": snri})
    unknown = rng.random(n) < np.where(snri < 10, 0.08, 0.005)
    late = (reasons == "cmd") & (rng.random(n) < 0.2)
    table["truth"] = np.where(late, "K", np.where(unknown, "unknown", "dM"))
    return table


def random_queue(table, size, seed):
    """The queue random of that survey, in its order."""
    catalog = table[["spectrum_key"]].assign(lamost_class="dM", **{f"snr{band}": 9.0 for band in "ugriz"})
    place = table[["spectrum_key"]].assign(CMD_flag=0, CMD_pos="", bp_rp_0=np.nan, M_G_0=np.nan)
    dmgm = table[["spectrum_key", "dmgm_class"]].assign(dmgm_prob=0.9)
    return ordered(spot_check(catalog, table.iloc[:0], dmgm, place, size, seed))["spectrum_key"].tolist()


def test_contamination_from_the_random_queue_has_the_true_share_and_errors_that_hold():
    inside, off, plain = [], [], []
    for trial in range(60):
        table = survey(2000, trial)
        spectra = population(table, table)
        keys = random_queue(table, 1500, trial)[:600]
        seen = table[table["spectrum_key"].isin(keys)].rename(columns={"truth": "label"})
        row = contamination(spectra, seen, trial).set_index(["label", "stratum"]).loc[("not M", "all")]
        true = 100 * (table["truth"] != "dM").mean()
        inside.append(row["low"] <= true <= row["high"])
        off.append(row["share"] - true)
        left = (~table["spectrum_key"].isin(keys) & (table["truth"] != "dM")).sum()
        plain.append((row["left"] - left) / ((row["left_high"] - row["left_low"]) / 2))
    assert np.mean(inside) == pytest.approx(0.68, abs=3 * np.sqrt(0.68 * 0.32 / 60))
    assert abs(np.mean(off)) < 3 * np.std(off) / np.sqrt(60)
    assert np.std(plain) == pytest.approx(1, abs=0.35)


def test_a_check_that_prefers_faint_spectra_is_weighted():
    table = survey(40_000)
    rng = np.random.default_rng(1)
    seen = table[rng.random(len(table)) < np.where(table["snri"] < 10, 0.2, 0.05)].rename(columns={"truth": "label"})
    found = contamination(population(table, table), seen).set_index(["label", "stratum"])
    row = found.loc[("unknown", "all")]
    half = (row["high"] - row["low"]) / 2
    assert abs(row["share"] - 100 * (table["truth"] == "unknown").mean()) < 3 * half and 0 < half < 0.4
    assert 100 * (seen["label"] == "unknown").mean() > row["share"] + 3 * half  # what plain counting would say
    assert random_numbers(found.reset_index())["random_unknown_share"] == row["share"]
    assert found.loc[("K", "20-50"), "n_found"] == 0 and found.loc[("K", "candidates of SCM"), "share"] > 10


def test_the_random_check_covers_what_no_person_has_looked_at():
    table = survey(500)
    table.loc[0, "candidate_reasons"] = "cmd;dgcm:lamost"  # a giant candidate: another queue
    table.loc[1, "dmgm_class"] = ""  # SCM took it out
    queued = table.index[table["candidate_reasons"] == "cmd"][:3]
    known = population(table, table, table.loc[queued, "spectrum_key"])
    assert set(table["spectrum_key"]) - set(known["spectrum_key"]) == set(table.loc[[0, 1, *queued], "spectrum_key"])
    assert set(known["stratum"]) == {"<10", "20-50", "candidates of SCM"}


def test_all_looked_at_leaves_no_error_and_nothing_to_find():
    table = survey(500)
    found = contamination(population(table, table), table.rename(columns={"truth": "label"})).set_index("stratum")
    row = found[found["label"] == "not M"].loc["all"]
    assert row["share"] == row["low"] == row["high"] == pytest.approx(100 * (table["truth"] != "dM").mean())
    assert row["left"] == row["left_high"] == 0


def test_without_a_check_there_is_no_share_and_the_table_says_what_to_do():
    table = survey(100)
    nothing = pd.DataFrame({"spectrum_key": [], "label": []}).astype(str)
    for spectra in (population(table, table), population(table.iloc[:0], table)):
        found = contamination(spectra, nothing)
        assert found["share"].isna().all() and "No one has looked" in to_markdown(contamination_table(found, "demo"))
        assert np.isnan(random_numbers(found)["random_unknown_share"])


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
    assert fit["outliers"] == pytest.approx(0.02, abs=0.008) and abs(fit["a"] - 200) < 25 and abs(fit["b"] - 10) < 2


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


def test_active_shares_by_subtype_and_their_figure(tmp_path):
    rng = np.random.default_rng(3)
    n = 600
    table = pd.DataFrame({"luminosity_class": ["dM"] * 500 + ["gM"] * 100, "tio5": rng.uniform(0.3, 0.9, n)})
    table["subtype_tio5"] = 8.2 - 10.775 * table["tio5"]
    table["active"] = pd.array(rng.random(n) < np.where(table["subtype_tio5"] > 2.5, 0.6, 0.1)).astype("Int8")
    table = table.assign(ewha=np.where(table["active"] == 1, 3.0, -0.5), cah2=0.6, cah3=0.8)
    shares = active_share(table)
    assert shares["n"].sum() <= 500 and (shares["low"] <= shares["share"]).all()
    assert shares.loc[shares["subtype"] >= 3, "share"].mean() == pytest.approx(0.6, abs=0.1)
    assert shares.loc[shares["subtype"] <= 2, "share"].mean() == pytest.approx(0.1, abs=0.07)
    figure = draw_indices(table, "zhang2019")
    save(figure, [tmp_path / "a.pdf"])
    assert "zeta" in words(figure) and "of 500 dwarfs" in words(figure)
    assert words(draw_indices(table.iloc[:0], "zhang2019")).count("no data") == 3
