"""Band heads of zirconium oxide, which tell S stars."""

import numpy as np
from made_spectra import m_like

from mstars.classify import outliers, zirconium
from mstars.classify.flux_bins import bin_spectra
from mstars.classify.outliers import fit_outlier_model
from mstars.spectra.wavelengths import air_to_vacuum, lamost_wavelength


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


def test_one_cosmic_ray_is_no_zirconium():
    model = zirconium.fit_steps(*zirconium.head_steps(m_like(400, np.geomspace(8, 250, 400), 1)))
    spectra = m_like(20, 60, 2)
    near = np.abs(spectra.wavelength - air_to_vacuum(6474.0) + 8) < 3
    spectra.flux[:, near] *= 8
    scores = zirconium.zro_score(*model, *zirconium.head_steps(spectra))
    assert (scores < 4).all()
