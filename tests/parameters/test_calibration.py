"""Calibrated errors against residuals whose errors are known."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.labels import LABELS
from mstars.engines.slam.covariance import label_floor
from mstars.parameters.calibration import (
    SNR_BINS,
    calibrate,
    calibrated_errors,
    label_errors_beside,
    pull_width,
    quoted_errors,
    spread_ratios,
    without_label_errors,
)


def residual_table(n=6000, seed=0, label_error=30.0, quoted=30.0):
    """Single predictions whose errors are known, of labels with errors of their own: most of the constant variance."""
    generator = np.random.default_rng(seed)
    snri, spread = generator.uniform(5, 150, n), generator.uniform(5, 25, n)
    error = np.sqrt((1.5 * spread) ** 2 + 12**2 + (900 / snri) ** 2)
    table = pd.DataFrame({"snri": snri})
    for label in LABELS:
        table[f"{label}_true"] = generator.uniform(3000, 3900, n)
        table[f"{label}_label_err"] = quoted
        table[f"{label}_oof"] = table[f"{label}_true"] + 3 + generator.normal(0, np.hypot(error, label_error))
        table[f"{label}_spread"] = spread
    return table, error


@pytest.mark.parametrize("quoted", [120.0, 60.0, 30.0, np.nan])
def test_calibrated_errors_are_those_of_the_residuals(quoted):
    """Labels are off by 30, quoted as four times that, twice, that, or not at all; new stars have perfect labels."""
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
    if quoted >= 60:  # larger quoted errors take no more than six tenths of what is constant: 30 and 12 in quadrature
        assert 0.85 < pull_width(pulls, 1.0) < 1.0 and fit["label_error"] == pytest.approx(np.sqrt(0.6 * 1044), rel=0.1)
        assert np.median(np.abs(again / error - 1)) < 0.2
    else:  # half of what is quoted at most: the errors are too large
        assert 0.65 < pull_width(pulls, 1.0) < 0.95


def test_label_errors_are_taken_out_or_kept():
    table, _ = residual_table(quoted=60.0)
    kept, off = (calibrate(table, label_errors=how)["teff"] for how in ("kept", "removed"))
    assert kept["label_share"] == 0 and kept["label_error"] == 0 and off["label_share"] > 0.35
    assert np.hypot(np.mean(off["floor"]), off["label_error"]) == pytest.approx(np.mean(kept["floor"]), rel=0.1)
    with pytest.raises(ValueError, match="expected removed, kept"):
        calibrate(table, label_errors="ignore")


def test_known_label_errors_are_taken_out_in_full_and_the_own_error_is_scaled():
    """Where what the labels are off by is known from elsewhere, what is left is the error of the values."""
    table, error = residual_table(quoted=60.0)
    table = table.assign(teff_spread=0.7 * error, teff_label_known=30.0)
    fits = calibrate(table)
    found = calibrated_errors(fits, "teff", 0.7 * error, table["snri"], single=True)
    assert fits["teff"]["label_share"] == 1 and np.sum(fits["teff"]["floor"]) == fits["teff"]["noise"] == 0
    np.testing.assert_allclose(found, error, rtol=0.05)
    assert fits["logg"]["label_share"] < 1  # of the other labels they are not known
    kept = calibrate(table, label_errors="kept")["teff"]
    assert kept["label_share"] == 0 and np.mean(kept["floor"]) > 20


def engine_table(own, labels, seed, n=4000):
    """Residuals of an engine with this constant error about labels that are off, [n]."""
    generator = np.random.default_rng(seed)
    snri, true = generator.uniform(20, 150, n), generator.uniform(3200, 3900, n)
    columns = {"teff_true": true + labels, "teff_oof": true + generator.normal(0, np.hypot(own, 300 / snri))}
    table = pd.DataFrame({"snri": snri, **columns, "teff_spread": 0.0, "teff_label_err": 70.0})
    return table, table["teff_oof"] - true


def test_an_engine_with_larger_errors_takes_no_more_for_the_labels_than_another_found():
    """Labels off by 18 K, engines of 15 K and 45 K: the worse one alone takes 33 K for the labels' and has too small
    errors; with the limit of the better one they are honest to the 3 % that 4,000 stars allow."""
    labels = np.random.default_rng(0).normal(0, 18.0, 4000)
    better, _ = engine_table(15.0, labels, 1)
    worse, off = engine_table(45.0, labels, 2)
    found = calibrate(better, labels=["teff"])["teff"]["label_error"]
    alone = calibrate(worse, labels=["teff"])
    beside = calibrate(worse, labels=["teff"], label_errors_most={"teff": found})
    assert found == pytest.approx(18, rel=0.06) and alone["teff"]["label_error"] > 32
    assert beside["teff"]["label_error"] == pytest.approx(found, rel=1e-6)
    about = (worse["teff_spread"], worse["snri"], worse["teff_oof"])
    pulls = [pull_width(off / calibrated_errors(fit, "teff", *about, single=True), 1.0) for fit in (alone, beside)]
    assert pulls[0] > 1.2 and pulls[1] == pytest.approx(1, abs=0.03)
    assert calibrate(better, labels=["teff"], label_errors_most={"teff": 40.0}) == calibrate(better, labels=["teff"])
    assert calibrate(worse, "kept", labels=["teff"], label_errors_most={"teff": found})["teff"]["label_error"] == 0
    known = calibrate(worse.assign(teff_label_known=25.0), labels=["teff"], label_errors_most={"teff": found})
    assert known["teff"]["label_error"] == 25.0


LABEL_ERROR, MODEL_ERROR, QUOTED = 17.0, np.sqrt(17.0**2 * 2 / 3), 70.0
"""K. Six tenths of the constant variance are the labels'."""


def forward_model_table(seed, n=900):
    """Residuals of an engine that fits spectra, and takes the labels' errors out of its formal errors' floor itself."""
    generator = np.random.default_rng(seed)
    snri = np.exp(generator.uniform(np.log(6), np.log(200), n))
    noise, teff = np.hypot(280 / snri, 4), generator.normal(3600, 220, n)
    off = generator.normal(0, np.hypot(noise, MODEL_ERROR))
    residual = off + generator.normal(0, LABEL_ERROR, n)
    scatter = label_floor(residual[:, None], noise[:, None])
    floor = without_label_errors(scatter, np.array([QUOTED]))
    known = label_errors_beside(floor, np.array([QUOTED]))
    columns = {"teff_oof": teff, "teff_true": teff - residual, "teff_spread": np.hypot(noise, floor)}
    table = pd.DataFrame({"snri": snri, **columns, "teff_label_err": QUOTED, "teff_label_known": known[0]})
    return table, off


def test_what_an_engine_knows_of_its_labels_has_no_bias_and_a_minimum_of_floors_has():
    """Twenty draws of 900 stars. The standard error of a mean is a hundredth; the minimum lies a third too low."""
    pulls, known, least = [], [], []
    for seed in range(20):
        table, off = forward_model_table(seed)
        fits = calibrate(table, labels=["teff"])
        error = calibrated_errors(fits, "teff", table["teff_spread"], table["snri"], table["teff_oof"], single=True)
        pulls.append([pull_width((off / error)[rows], 1.0) for rows in _intervals(table["snri"])])
        known.append(fits["teff"]["label_error"])
        least.append(calibrate(table.drop(columns="teff_label_known"), labels=["teff"])["teff"]["label_error"])
    np.testing.assert_allclose(np.mean(pulls, axis=0), 1, atol=0.05)  # three standard errors
    assert np.mean(known) == pytest.approx(LABEL_ERROR, rel=0.03) and np.std(known) < 0.08 * LABEL_ERROR
    assert np.mean(least) < 0.8 * LABEL_ERROR


def _intervals(snri):
    return [(snri > low) & (snri <= high) for low, high in SNR_BINS.values()]


@pytest.mark.parametrize("scatter", [5.0, 24.0, 60.0, 500.0])
def test_what_is_left_and_what_was_taken_are_the_scatter(scatter):
    floor = without_label_errors(np.array([scatter]), np.array([QUOTED]))
    taken = label_errors_beside(floor, np.array([QUOTED]))
    assert np.hypot(floor, taken)[0] == pytest.approx(scatter, rel=1e-12) and taken[0] <= QUOTED / 2


def test_quoted_errors_larger_than_the_residuals_leave_an_error_above_zero():
    table, error = residual_table(quoted=500.0)
    fits = calibrate(table)
    assert fits["teff"]["label_share"] < 0.1
    errors = calibrated_errors(fits, "teff", table["teff_spread"], table["snri"], single=True)
    assert 1.0 < np.median(errors / error) < 1.2


def test_missing_quoted_errors_are_like_the_others():
    errors = np.array([0.02, np.nan, 0.04, -9999.0, 0.0])
    assert quoted_errors(errors).tolist() == pytest.approx([0.02, 0.03, 0.04, 0.03, 0.03])
    assert quoted_errors(np.array([np.nan, -9999.0])).tolist() == [0, 0]
    table, _ = residual_table(quoted=30.0)
    some = table.assign(teff_label_err=table["teff_label_err"].where(np.arange(len(table)) % 3 > 0, -9999.0))
    assert calibrate(some)["teff"] == calibrate(table)["teff"]


@pytest.mark.parametrize("bend", [0.0, 0.15])
def test_spread_of_new_stars_is_larger_than_that_of_training_stars_most_at_low_snr(bend):
    """With ``bend`` the growth is no power of S/N."""
    training, _ = residual_table()

    def growth(snr):
        return np.maximum(1, 1.6 * (snr / 10) ** -0.2 * np.exp(bend * np.log(snr / 40) ** 2))

    more = growth(training["snri"])
    others = training.assign(**{f"{label}_spread": more * training[f"{label}_spread"] for label in LABELS})
    ratios = spread_ratios(training, others)
    np.testing.assert_allclose(ratios["teff"]["ratio"], growth(np.array(ratios["teff"]["snri"])), rtol=0.05)
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
    assert fit["spread_factor"] == 0 and fit["floor"][0] > 20 and np.isfinite(fit["pull_width"])
    assert calibrate(table[:0])["teff"]["rows"] == 0


def test_faint_spectra_and_cool_stars_get_their_own_errors():
    """A tenth is so faint that it is off by ten times the others; the coolest fifth by three times their floor."""
    generator, n = np.random.default_rng(4), 20000
    table, _ = residual_table(n, label_error=0.0, quoted=np.nan)
    faint, teff = generator.random(n) < 0.1, generator.uniform(3000, 3900, n)
    table["snri"] = np.where(faint, 6.0, 100.0)
    error = np.where(faint, 300.0, np.interp(teff, [3000, 3200], [90.0, 30.0]))
    table["teff_oof"], table["teff_true"], table["teff_spread"] = teff, teff + generator.normal(0, error), 3.0
    fit = calibrate(table)
    found = calibrated_errors(fit, "teff", table["teff_spread"], table["snri"], teff, single=True)
    assert np.median(found[faint]) == pytest.approx(300, rel=0.1)
    assert np.median(found[~faint & (teff > 3300)]) == pytest.approx(30, rel=0.15)
    assert np.median(found[~faint & (teff < 3030)]) == pytest.approx(85, rel=0.2)
    middle = calibrated_errors(fit, "teff", table["teff_spread"], table["snri"], single=True)
    assert 25 < np.median(middle[~faint]) < 60  # where Teff isn't known


def test_calibrations_of_one_floor_are_still_read():
    table, _ = residual_table(500)
    old = {"teff": {"spread_factor": 1.0, "floor": 12.0, "noise": 0.0, "scale": 1.0}}
    error = calibrated_errors(old, "teff", table["teff_spread"], table["snri"], table["teff_oof"], single=True)
    np.testing.assert_allclose(error, np.hypot(table["teff_spread"], 12.0))
