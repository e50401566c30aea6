import numpy as np
import pandas as pd
import pytest

from mstars.core.config.networks import Architecture, Networks
from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.files.stores import write_batch
from mstars.networks.inference import predict_regressor
from mstars.networks.training import train_regressor
from mstars.parameters.calibration import calibrate, calibrated_errors, pull_width, quoted_errors, spread_ratios
from mstars.parameters.ensemble import collect, load_folds, out_of_fold, predict_parameters, rest_frame_input
from mstars.parameters.folds import assign_folds
from mstars.parameters.training_set import density_weights, tlma_training_set
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

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


def build(m_catalog, apogee, spectra, stars, **changes):
    owned = {"rv_cut": changes.pop("rv_cut", "2012-01-14"), "radius_arcsec": changes.pop("radius_arcsec", 3.0)}
    settings = SETTINGS | changes
    return tlma_training_set(m_catalog, apogee, spectra, stars, kind="dM", settings=settings, **owned, seed=1)


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
    _, summary = build(m_catalog, apogee, spectra, stars, rv_cut="2012-01-13")
    assert summary["excluded"]["rv_flag 0 (wavelengths before 2012-01-13)"] == 0
    stars, near = stars.assign(star_id=""), m_catalog.assign(ra=10.0 + np.arange(60) * 2 / 3600, dec=0.0)
    _, apart = build(near, apogee, spectra, stars, rv_cut="2012-01-13", radius_arcsec=1.0)
    assert apart["stars"] == 60
    with pytest.raises(InputError, match="1 labelled stars"):  # all within a chain of 2 arcsec
        build(near, apogee, spectra, stars, rv_cut="2012-01-13", radius_arcsec=3.0)


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


def test_folds_are_never_empty():
    units = np.array(["a"] * 50 + ["b", "c"])
    assert np.bincount(assign_folds(units, 3, np.random.default_rng(0))).tolist() == [50, 1, 1]
    with pytest.raises(InputError, match="3 stars or spectra for 4 folds"):
        assign_folds(units, 4, np.random.default_rng(0))


def test_density_weights_lift_rare_labels_to_a_mean_of_one():
    labels = np.concatenate([np.zeros((900, 2)), np.full((100, 2), -0.9)])
    weight = density_weights(labels)
    assert weight.mean() == pytest.approx(1) and weight[-1] / weight[0] == pytest.approx(3)
    assert np.ptp(density_weights(labels, power=0)) == 0


def residual_table(n=6000, seed=0, label_error=30.0, quoted=30.0):
    """Single predictions whose errors are known, of labels with errors of their own: most of the constant variance."""
    generator = np.random.default_rng(seed)
    snri, spread = generator.uniform(5, 150, n), generator.uniform(5, 25, n)
    error = np.sqrt((1.5 * spread) ** 2 + 12**2 + (900 / snri) ** 2)
    table = pd.DataFrame({"snri": snri})
    for label in LABELS:
        table[f"{label}_true"] = 3500.0
        table[f"{label}_label_err"] = quoted
        table[f"{label}_oof"] = 3503 + generator.normal(0, np.hypot(error, label_error))
        table[f"{label}_spread"] = spread
    return table, error


@pytest.mark.parametrize("quoted", [60.0, 30.0, 15.0, np.nan])
def test_calibrated_errors_are_those_of_the_residuals(quoted):
    """The labels are off by 30, quoted as twice that, that, half, or not at all; new stars have perfect labels."""
    table, error = residual_table(quoted=quoted)
    fits = calibrate(table)
    fit = fits["teff"]
    assert fit["pull_width_spread"] > 2 and fit["pull_width"] == pytest.approx(1, abs=0.01)
    assert all(0.9 < width < 1.1 for width in fit["pull_width_snri"].values())
    assert fit["bias"] == pytest.approx(3, abs=2)
    again = calibrated_errors(fits, "teff", table["teff_spread"], table["snri"], single=True)
    mean = calibrated_errors(fits, "teff", table["teff_spread"], table["snri"])
    np.testing.assert_allclose(again**2 - mean**2, table["teff_spread"] ** 2)
    fresh, _ = residual_table(seed=9, label_error=0.0)
    errors = calibrated_errors(fits, "teff", fresh["teff_spread"], fresh["snri"], single=True)
    pulls = ((fresh["teff_oof"] - fresh["teff_true"]) / errors).to_numpy()
    if quoted >= 30:  # larger quoted errors take no more than is there
        assert 0.95 < pull_width(pulls, 1.0) < 1.1 and fit["label_error"] == pytest.approx(30, rel=0.1)
    else:  # what is not quoted stays in the errors: they are too large
        assert 0.7 < pull_width(pulls, 1.0) < 1.0
    if quoted == 30.0:
        assert np.median(np.abs(again / error - 1)) < 0.05


def test_label_errors_are_taken_out_or_kept():
    table, _ = residual_table(quoted=30.0)
    kept, off = (calibrate(table, label_errors=how)["teff"] for how in ("kept", "removed"))
    assert kept["label_share"] == 0 and kept["label_error"] == 0 and off["label_share"] > 0.9
    assert np.hypot(off["floor"], off["label_error"]) == pytest.approx(kept["floor"], rel=0.1)
    with pytest.raises(ValueError, match="expected removed or kept"):
        calibrate(table, label_errors="ignore")


def test_quoted_errors_larger_than_the_residuals_leave_an_error_above_zero():
    table, error = residual_table(quoted=500.0)
    fits = calibrate(table)
    assert fits["teff"]["label_share"] < 0.1
    errors = calibrated_errors(fits, "teff", table["teff_spread"], table["snri"], single=True)
    assert 0.9 < np.median(errors / error) < 1.1


def test_missing_quoted_errors_are_like_the_others():
    errors = np.array([0.02, np.nan, 0.04, -9999.0, 0.0])
    assert quoted_errors(errors).tolist() == pytest.approx([0.02, 0.03, 0.04, 0.03, 0.03])
    assert quoted_errors(np.array([np.nan, -9999.0])).tolist() == [0, 0]
    table, _ = residual_table(quoted=30.0)
    some = table.assign(teff_label_err=table["teff_label_err"].where(np.arange(len(table)) % 3 > 0, -9999.0))
    assert calibrate(some)["teff"] == calibrate(table)["teff"]


def test_spread_of_new_stars_is_larger_than_that_of_training_stars_most_at_low_snr():
    training, _ = residual_table()
    growth = np.maximum(1, 1.6 * (training["snri"] / 10) ** -0.2)
    others = training.assign(**{f"{label}_spread": growth * training[f"{label}_spread"] for label in LABELS})
    ratios = spread_ratios(training, others)
    line = np.maximum(1, 1.6 * (np.array(ratios["teff"]["snri"]) / 10) ** -0.2)
    np.testing.assert_allclose(ratios["teff"]["ratio"], line, rtol=0.03)
    plain = calibrate(training)["m_h"]
    scaled = calibrate(training, ratios=dict.fromkeys(LABELS, {"snri": [10.0, 100.0], "ratio": [1.3, 1.3]}))["m_h"]
    assert scaled["spread_factor"] * scaled["scale"] == pytest.approx(
        plain["spread_factor"] * plain["scale"] / 1.3, 0.01
    )
    assert spread_ratios(training, others[:5])["teff"]["ratio"] == [1]
    assert max(spread_ratios(others, training)["teff"]["ratio"]) < 1.02


def test_few_residuals_give_their_scatter():
    table, _ = residual_table(20)
    fit = calibrate(table)["teff"]
    assert fit["spread_factor"] == 0 and fit["floor"] > 20 and np.isfinite(fit["pull_width"])
    assert calibrate(table[:0])["teff"]["rows"] == 0


N_STAR = 90


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Three folds of a tiny network on spectra whose one line's depth is the label; their store."""
    folder = tmp_path_factory.mktemp("tlma")
    generator = np.random.default_rng(5)
    depth = generator.uniform(0.1, 0.9, N_STAR)
    rv = generator.normal(0, 80, N_STAR)
    wave = lamost_wavelength()
    rest = wave / (1 + rv[:, None] / C_KMS)
    flux = 1 + 0.3 * (rest / 6000 - 1) - depth[:, None] * np.exp(-0.5 * ((rest - 7000) / 60) ** 2)
    flux = (flux + generator.normal(0, 0.01, flux.shape)).astype(np.float32)
    keys = np.array([f"56000-P1-sp01-{number:03d}" for number in range(N_STAR)])
    mask = np.zeros(flux.shape, np.uint8)
    mask[1, 500:3000] = 1
    flux[2] = 1
    spectra = SpectrumSet(flux, np.full_like(flux, 1e4), mask, wave, keys)
    store = folder / "b1.h5"
    write_batch(store, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"reason": []}))
    x, _ = rest_frame_input(spectra, rv)
    labels = np.column_stack([3200 + 800 * depth, 4.5 + depth, depth - 0.6, 0.2 * depth])
    table = pd.DataFrame({"spectrum_key": keys, "star_id": keys, "snri": 50.0, "fold": np.arange(N_STAR) % 3})
    for column, label in enumerate(LABELS):
        table[label], table[f"{label}_label_err"] = labels[:, column], 0.0
    architecture = Architecture(channels=(2, 2, 4, 4), kernels=(9, 7, 5, 5), strides=(4, 1, 1, 1), pools=(4, 4, 2, 2))
    settings = Networks(architecture=architecture, average=0, epochs=12, batch_size=16, learning_rate=5e-3)
    for fold in range(3):
        held_out = (table["fold"] == fold).to_numpy()
        about = {"trained_on": "simulated", "label_min": labels.min(axis=0), "label_max": labels.max(axis=0)}
        train_regressor(
            x, labels, held_out, names=LABELS, settings=settings, seed=fold, folder=folder / f"fold{fold}",
            task="tlma_dM", keys=keys, about=about,
        )  # fmt: skip
    catalog = pd.DataFrame({"spectrum_key": keys, "rv": rv, "luminosity_class": "dM", "snri": 50.0})
    return folder, store, catalog, table, x


def test_the_ensemble_gives_mean_and_standard_deviation(trained):
    folder, store, catalog, table, x = trained
    models = load_folds([folder / f"fold{fold}" for fold in range(3)], "dM")
    result = predict_parameters({"dM": models}, store, catalog, survey_kind="simulated", chunk=40)
    assert result["spectrum_key"].tolist() == catalog["spectrum_key"].tolist()
    singles = [predict_regressor(model, x) for model in models]
    np.testing.assert_allclose(result[list(LABELS)], np.mean(singles, axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(result["logg_err"], np.std(singles, axis=0)[:, 1], rtol=1e-2, atol=1e-4)
    assert np.corrcoef(result["teff"].drop(2), table["teff"].drop(2))[0, 1] > 0.9
    assert result.loc[1, "flag"] & EngineFlag.INTERPOLATED and result.loc[1, "filled_share"] > 0.5
    assert result.loc[2, "flag"] & EngineFlag.NO_PREDICTION and np.isnan(result.loc[2, "teff"])
    assert not (result["flag"] & EngineFlag.SIMULATION_TRAINED).any()


def test_simulation_trained_models_on_a_real_survey_are_flagged(trained):
    folder, store, catalog, *_ = trained
    models = {"dM": load_folds([folder / "fold0"], "dM")}
    result = predict_parameters(models, store, catalog, survey_kind="files")
    assert (result["flag"] & EngineFlag.SIMULATION_TRAINED > 0).all()


def test_no_rv_still_gives_parameters_of_the_unshifted_spectrum(trained):
    folder, store, catalog, *_ = trained
    models = {"dM": load_folds([folder / "fold0"], "dM")}
    catalog = catalog[3:6].assign(rv=[np.nan, 5.0, 6.0])
    result = predict_parameters(models, store, catalog, survey_kind="simulated")
    assert len(result) == 3 and np.isfinite(result["teff"]).all()
    assert (result["flag"] & EngineFlag.NO_RV > 0).tolist() == [True, False, False]


def test_a_batch_without_m_stars_gives_an_empty_table(trained):
    folder, store, catalog, *_ = trained
    models = {"dM": load_folds([folder / "fold0"], "dM")}
    assert len(predict_parameters(models, store, catalog[:0], survey_kind="simulated")) == 0


def test_out_of_fold_predictions_are_of_the_model_that_has_not_seen_the_star(trained, tmp_path):
    folder, store, catalog, table, x = trained
    models = load_folds([folder / f"fold{fold}" for fold in range(3)], "dM")
    held = out_of_fold(x, table, models, chunk=32)
    for fold in range(3):
        rows = (held["fold"] == fold) & held["teff_oof"].notna()
        validation = pd.read_parquet(folder / f"fold{fold}" / "validation.parquet").set_index("spectrum_key")
        expected = validation.loc[held.loc[rows, "spectrum_key"], "teff_predicted"]
        np.testing.assert_allclose(held.loc[rows, "teff_oof"], expected, rtol=1e-5)
    with pytest.raises(InputError, match="3 folds, 2 models"):
        out_of_fold(x, table, models[:2])


@pytest.mark.parametrize("stars", ["ensemble", "out_of_fold"])
def test_the_engine_table_has_both_predictions_of_training_stars(trained, stars):
    folder, store, catalog, table, x = trained
    models = load_folds([folder / f"fold{fold}" for fold in range(3)], "dM")
    predictions = predict_parameters({"dM": models}, store, catalog[:80], survey_kind="simulated")
    held = out_of_fold(x, table, models)[:50]
    unlike = pd.DataFrame({"spectrum_key": catalog["spectrum_key"], "ood_score": 0.2})
    unlike.loc[5, "ood_score"] = 1.3
    result = collect(predictions, catalog, {"dM": calibrate(held)}, held, training_stars=stars, unlike=unlike)
    assert np.flatnonzero(result["flag"] & EngineFlag.UNLIKE_TRAINING).tolist() == [5]
    assert len(result) == N_STAR and result["chi2"].isna().all()
    assert (result["flag"] & EngineFlag.NO_PREDICTION > 0)[80:].all()
    assert (result["flag"] & EngineFlag.TRAINING_STAR > 0).sum() == 50
    assert result["teff_oof"].notna().sum() == 49 and np.isfinite(result.loc[60, "teff_calib_err"])
    expected = held["teff_oof"] if stars == "out_of_fold" else predictions["teff"][:50]
    np.testing.assert_allclose(result["teff"][:50], expected)


def test_models_of_another_kind_are_refused(trained, tmp_path):
    with pytest.raises(InputError, match="no models of tlma_gM"):
        load_folds([], "gM")
    with pytest.raises(InputError, match="not a trained model"):
        load_folds([tmp_path], "gM")


def test_small_sets_get_small_batches_and_the_papers_size_the_papers():
    from mstars.parameters.training import batch_size

    assert [batch_size("auto", n) for n in (50, 399, 800, 1700, 3199, 3200, 11287)] == [8, 8, 32, 64, 64, 128, 128]
    assert batch_size(48, 50) == 48
