"""How far labels are off, by several engines: planted label errors come back, and who may say so."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.combined.covariance import Covariance, fit_covariance
from mstars.engines.combined.label_errors import label_error, shared_error
from mstars.parameters.calibration import LABELS_PART_ERROR, calibrate

QUOTED, LABELS_OFF, N = 70.0, 18.0, 3000


def said(label_error, rows=10**9):
    return {"label_error": label_error, "rows": rows}


def covariance(sigmas, correlation=0.9):
    matrix = np.outer(sigmas, sigmas) * (correlation + (1 - correlation) * np.eye(len(sigmas)))
    return Covariance(matrix, np.zeros_like(matrix), (5.0, 200.0))


def test_guesses_weigh_by_how_well_each_engine_can_know_it():
    """Of many rows by its own size: the mean of 300 and 900 K^2 is (1/300 + 1/900) / (1/300^2 + 1/900^2) = 360."""
    wide = covariance([40.0, 50.0])
    pair = [said(300**0.5), said(900**0.5)]
    assert label_error(pair, wide) ** 2 == pytest.approx(360, rel=1e-6)
    few = [said(300**0.5, rows=100), said(900**0.5, rows=10**9)]  # the variance of 100 residuals is known to 23 %
    variances = np.array([(300 * LABELS_PART_ERROR) ** 2 + (0.2334 * 1600) ** 2, (900 * LABELS_PART_ERROR) ** 2])
    assert label_error(few, wide) ** 2 == pytest.approx(
        np.sum([300, 900] / variances) / np.sum(1 / variances), rel=1e-3
    )
    assert 300 < label_error(few, wide) ** 2 < 900


def test_who_says_nothing_of_its_own_does_not_count():
    three, alone = covariance([40.0, 50.0, 60.0]), label_error([said(20.0)], covariance([40.0]))
    assert alone == pytest.approx(20, rel=1e-12)
    assert label_error([said(20.0), said(20.0 * (1 + 1e-9)), said(0.0)], three) == pytest.approx(20, rel=1e-9)
    assert label_error([said(20.0), None, None], three) == pytest.approx(20, rel=1e-12)
    assert label_error([None, None, None], three) == label_error([said(0.0), None, None], three) == 0


def test_no_more_than_the_residuals_of_two_engines_on_the_labels_scale_share():
    matrix = np.array([[900.0, 400.0, 100.0], [400.0, 1600.0, 100.0], [100.0, 100.0, 2500.0]])
    shared = Covariance(matrix, np.zeros((3, 3)), (5.0, 200.0))
    assert label_error([said(25.0), said(30.0), said(28.0)], shared) == pytest.approx(10)
    assert label_error([said(25.0), said(30.0), None], shared) == pytest.approx(20)
    assert shared_error(shared) == pytest.approx(10) and shared_error(shared, [0]) == np.inf


def test_what_the_labels_are_off_by_is_what_all_residuals_share():
    generator = np.random.default_rng(7)
    snr = generator.uniform(10, 200, 4000)
    own = generator.normal(size=(4000, 3)) * (np.array([15.0, 25.0, 30.0]) + 300 / snr[:, None])
    residual = own + generator.normal(0, 20.0, 4000)[:, None]  # the labels' errors are in all three
    assert shared_error(fit_covariance(residual, snr)) == pytest.approx(20.0, rel=0.15)
    assert shared_error(fit_covariance(own, snr)) < 8.0
    assert shared_error(fit_covariance(residual[:, :1], snr)) == np.inf


def engine(own, off, snr, generator):
    """Residuals, and the calibration of Teff, of an engine with this constant error, [n]."""
    residual = generator.normal(0, np.hypot(own, 300 / snr)) - off
    true = generator.uniform(3200, 3900, len(off))
    columns = {"teff_true": true, "teff_oof": true + residual, "teff_spread": 0.0, "teff_label_err": QUOTED}
    return residual, calibrate(pd.DataFrame({"snri": snr, **columns}), labels=["teff"])["teff"]


def test_planted_label_errors_come_back_with_worse_engines_beside_the_best():
    """Ten draws, engines of 15, 35 and 45 K: within 10 % of 18 K. The plain mean of what they say is 1.5 times as much.
    An engine on another scale that errs the other way would limit it to half of the true one."""
    found, plain, limited = [], [], []
    for seed in range(10):
        generator = np.random.default_rng(seed)
        snr, off = generator.uniform(20, 150, N), generator.normal(0, LABELS_OFF, N)
        residuals, fits = zip(*(engine(own, off, snr, generator) for own in (15.0, 35.0, 45.0)), strict=True)
        other = generator.normal(0, 30.0, N) - off - 0.9 * (residuals[0] + off)  # another scale, another sign
        residual = np.column_stack([*residuals, other])
        matrix = fit_covariance(residual - np.median(residual, axis=0), snr)
        found.append(label_error([*fits, None], matrix))
        plain.append(np.mean([fit["label_error"] for fit in fits]))
        limited.append(shared_error(matrix))
    assert np.mean(found) == pytest.approx(LABELS_OFF, rel=0.1) and np.std(found) < 0.1 * LABELS_OFF
    assert np.mean(plain) > 1.4 * LABELS_OFF and np.mean(limited) < 0.6 * LABELS_OFF
