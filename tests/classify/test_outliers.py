"""The out-of-distribution score."""

import json

import numpy as np
import pandas as pd
import pytest
from made_spectra import m_like

from mstars.classify import outliers, zirconium
from mstars.classify.outliers import N_BIN, bin_spectra, fit_outlier_model, outlier_score
from mstars.classify.prediction import predict_batch
from mstars.classify.screening import screen_labels
from mstars.core.errors import InputError
from mstars.files.stores import write_batch
from mstars.spectra.band_indices import band_indices
from mstars.spectra.wavelengths import air_to_vacuum, lamost_wavelength

MIXED = np.geomspace(8, 250, 300)


@pytest.fixture(scope="module")
def model():
    return fit_outlier_model(*bin_spectra(m_like(300, MIXED, 1)), n_component=3)


def test_m_stars_score_below_one_whatever_their_noise(model):
    for snr in (8, 40, 200):
        score = outlier_score(model, *bin_spectra(m_like(200, snr, 2)))
        assert (score < 1).mean() > 0.95


def test_what_is_unlike_them_scores_above_one(model):
    wavelength = lamost_wavelength()
    blue = 1.5 * (wavelength / 5000) ** -4  # a hot companion
    zro = -0.5 * np.exp(-0.5 * ((wavelength - 6490) / 40) ** 2)
    lamp = np.where(wavelength > 8000, 1.0, 0.0)
    for extra in (blue, zro, lamp):
        score = outlier_score(model, *bin_spectra(m_like(50, 20, 3, extra)))
        assert (score > 1).all()


def test_few_outliers_among_the_training_stars_do_not_hide(model):
    zro = -0.5 * np.exp(-0.5 * ((lamost_wavelength() - 6490) / 40) ** 2)
    clean, other = bin_spectra(m_like(300, MIXED, 1)), bin_spectra(m_like(10, 40, 4, zro))
    both = [np.concatenate(pair) for pair in zip(clean, other, strict=True)]
    dirty = fit_outlier_model(*both, n_component=3)
    assert dirty.about["n_clipped"] >= 8
    assert (outlier_score(dirty, *other) > 1).mean() > 0.8


def test_bins_leave_out_masked_pixels_and_lines_of_active_stars():
    spectra = m_like(2, 50, 5)
    flux, variance = bin_spectra(spectra)
    spectra.flux[0, np.abs(spectra.wavelength - 6564.6) < 8] += 100
    spectra.ormask[1, :1000] = 1
    spectra.flux[1, :1000] = 1e9
    masked_flux, masked_variance = bin_spectra(spectra)
    np.testing.assert_allclose(masked_flux[0], flux[0], rtol=1e-6)
    assert np.isinf(masked_variance[1, :20]).all() and (masked_flux[1, :20] == 0).all()
    assert np.isfinite(masked_variance[1, -20:]).all()


def test_a_spectrum_without_pixels_has_no_score(model):
    spectra = m_like(2, 50, 6)
    spectra.ivar[0] = 0
    score = outlier_score(model, *bin_spectra(spectra))
    assert np.isnan(score[0]) and score[1] < 1.5


def test_the_folder_gives_the_same_scores_and_refuses_what_does_not_fit(model, tmp_path):
    outliers.save_outlier_model(model, tmp_path)
    again = outliers.load_outlier_model(tmp_path)
    binned = bin_spectra(m_like(5, 20, 7))
    np.testing.assert_array_equal(outlier_score(again, *binned), outlier_score(model, *binned))
    assert again.basis.shape == (4, N_BIN)
    description = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(description | {"bins": {}}))
    with pytest.raises(InputError, match="bins"):
        outliers.load_outlier_model(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(description))
    content = (tmp_path / "basis.safetensors").read_bytes()
    (tmp_path / "basis.safetensors").write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match="damaged"):
        outliers.load_outlier_model(tmp_path)


def test_too_few_stars_are_refused():
    with pytest.raises(InputError, match="ood.n_component"):
        fit_outlier_model(*bin_spectra(m_like(20, 40, 1)), n_component=3)


def test_from_the_stores_on(model, tmp_path):
    spectra = m_like(12, 30, 8)
    header = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    write_batch(tmp_path / "a.h5", spectra, header, pd.DataFrame({"path": [], "reason": []}))
    table = header.assign(batch="a", row=np.arange(12), label=["M"] * 11 + ["K"])
    spt = header.assign(spt_class=["M", "K", "QSO"] + ["M"] * 9)
    wdm = header.assign(wdm_class=["WD"] + ["M"] * 11)
    rows = outliers.m_stars(table, spt, wdm)
    assert rows["spectrum_key"].tolist() == ["s1", *(f"s{i}" for i in range(3, 11))]
    features = outliers.read_features(rows.iloc[::-1], {"a": tmp_path / "a.h5"})
    backwards = spectra.select(np.array([1, *range(3, 11)])[::-1])
    np.testing.assert_array_equal(features["flux"], bin_spectra(backwards)[0])
    np.testing.assert_array_equal(features["step_variance"], zirconium.head_steps(backwards)[1])
    scores = outliers.score_batch(model, tmp_path / "a.h5", np.array(["s7", "s2", "gone"]), chunk=5)
    assert scores["spectrum_key"].tolist() == ["s2", "s7"]
    np.testing.assert_array_equal(scores["ood_score"], outlier_score(model, *bin_spectra(spectra.select([2, 7]))))
    chosen = band_indices(spectra.select([2, 7]), np.zeros(2))
    np.testing.assert_array_equal(scores[["tio5", "tio5_err"]], chosen[["tio5", "tio5_err"]])
    assert scores["zro_score"].isna().all()  # this model knows no band heads
    together = predict_batch([], tmp_path / "a.h5", np.array(["s7", "s2", "gone"]), model, chunk=5)
    pd.testing.assert_frame_equal(together["ood"], scores)
    with pytest.raises(InputError, match="use: off"):
        outliers.m_stars(table.assign(label="K"), spt, wdm)


def zro_bands(strength=0.3):
    wavelength = lamost_wavelength()
    total = np.zeros(len(wavelength))
    for head, relative in zirconium.HEADS:
        distance = wavelength - air_to_vacuum(head)
        total += strength * relative * np.where(distance > 0, np.exp(-np.abs(distance) / 55), 0)
    return total


def test_zirconium_oxide_stands_out(tmp_path):
    ordinary, peculiar = m_like(400, np.geomspace(8, 250, 400), 1), m_like(60, 25, 2)
    peculiar.flux *= (1 - zro_bands()).astype(np.float32)
    model = zirconium.fit_steps(*zirconium.head_steps(ordinary))
    scores = zirconium.zro_score(*model, *zirconium.head_steps(ordinary))
    assert (scores > 5).mean() < 0.01 and abs(np.median(scores)) < 0.3
    assert (zirconium.zro_score(*model, *zirconium.head_steps(peculiar)) > 5).mean() > 0.9
    faint = m_like(200, 4, 3)
    assert (zirconium.zro_score(*model, *zirconium.head_steps(faint)) > 5).mean() < 0.01  # noise is allowed for
    whole = fit_outlier_model(*bin_spectra(ordinary), n_component=3)
    whole.steps = model
    outliers.save_outlier_model(whole, tmp_path)
    again = outliers.load_outlier_model(tmp_path)
    np.testing.assert_array_equal(again.steps[1], model[1])


def test_a_masked_band_head_says_nothing():
    spectra = m_like(3, 50, 5)
    clean, _ = zirconium.head_steps(spectra)
    number = [head for head, _ in zirconium.HEADS].index(6474.0)
    near = np.abs(spectra.wavelength - air_to_vacuum(6474.0)) < 20
    spectra.flux[1, near] = 1e6
    spectra.ormask[1, near] = 1
    steps, variance = zirconium.head_steps(spectra)
    assert variance[1, number] >= 1e6 and steps[1, number] == 0
    np.testing.assert_array_equal(np.delete(steps, number, axis=1)[1, :3], np.delete(clean, number, axis=1)[1, :3])


def test_too_few_stars_for_band_heads():
    assert zirconium.fit_steps(*zirconium.head_steps(m_like(20, 50, 1))) is None


def test_labels_that_the_spectra_contradict_are_not_trained_on():
    """80 of 480 'M' are something else; half of them, and some true M, lie outside the CMD regions."""
    wavelength = lamost_wavelength()
    blue = 3.0 * (wavelength / 6000) ** -3
    true_m, wrong, hot = m_like(400, 20, 1), m_like(80, 20, 2, blue), m_like(200, 20, 3, blue)
    flux, variance = (np.concatenate(parts) for parts in zip(*map(bin_spectra, (true_m, wrong, hot)), strict=True))
    labels = np.repeat(["M", "M", "A"], [400, 80, 200])
    outside = np.zeros(680, bool)
    outside[:20], outside[400:440] = True, True
    stars = [f"star{i // 2}" for i in range(680)]
    pool = pd.DataFrame({"star_id": stars, "label": labels, "outside": outside})
    kept = screen_labels(pool, flux, variance, how="discriminant", prob_min=0.5, seed=1)["kept"].to_numpy()
    assert kept[:400].mean() > 0.99 and kept[:20].all()
    assert not kept[400:480].any()
    assert kept[480:].all()
    by_cmd = screen_labels(pool, None, None, how="cmd", prob_min=0.5, seed=1)["kept"].to_numpy()
    np.testing.assert_array_equal(by_cmd, ~outside)
    assert screen_labels(pool, None, None, how="none", prob_min=0.5, seed=1)["kept"].all()
    only_m = screen_labels(pool.assign(label="M"), flux, variance, how="discriminant", prob_min=0.5, seed=1)
    assert only_m["kept"].all()  # nothing to compare with
    with pytest.raises(InputError, match="scm.screen"):
        screen_labels(pool, flux, variance, how="magic", prob_min=0.5, seed=1)


def test_one_cosmic_ray_is_no_zirconium():
    model = zirconium.fit_steps(*zirconium.head_steps(m_like(400, np.geomspace(8, 250, 400), 1)))
    spectra = m_like(20, 60, 2)
    near = np.abs(spectra.wavelength - air_to_vacuum(6474.0) + 8) < 3
    spectra.flux[:, near] *= 8
    scores = zirconium.zro_score(*model, *zirconium.head_steps(spectra))
    assert (scores < 4).all()
