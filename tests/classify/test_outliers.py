"""Spectra unlike those that were trained on."""

import json

import numpy as np
import pytest
from made_spectra import MIXED, m_like

from mstars.classify import outliers
from mstars.classify.flux_bins import N_BIN, bin_spectra
from mstars.classify.outliers import fit_outlier_model, outlier_score
from mstars.core.errors import InputError
from mstars.spectra.wavelengths import lamost_wavelength


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
