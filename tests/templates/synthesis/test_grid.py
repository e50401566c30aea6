"""Names of computed stars, and the grid of their spectra."""

import numpy as np
import pytest

from mstars.core.config.keys import plain
from mstars.core.config.survey import ComputedGrid
from mstars.core.errors import InputError
from mstars.engines.slam.settings import SlamSettings
from mstars.spectra.wavelengths import vacuum_to_air
from mstars.templates.synthesis.grid import COMPUTED_WAVELENGTHS, computed_grid
from mstars.templates.synthesis.names import labels_of, star_name, star_names
from mstars.templates.theory import check_covers, load_theory, save_theory


def test_names_tell_the_labels():
    assert star_name(3500, 5, -0.5, 0) == "t3500_g5.00_m-0.50_a+0.00"
    assert labels_of("t3500_g5.00_m-0.50_a+0.40") == {"teff": 3500, "logg": 5, "m_h": -0.5, "alpha_m": 0.4}
    with pytest.raises(InputError, match="not the name"):
        labels_of("star")
    names = star_names(plain(ComputedGrid()))
    assert len(names) == len(set(names)) == 12 * 3 * 5 * 2


def write(folder, line, **labels):
    """A spectrum of one line, in air."""
    air = np.arange(*COMPUTED_WAVELENGTHS, 0.2)
    flux = 1e6 * (1 - 0.5 * np.exp(-0.5 * ((air - vacuum_to_air(np.array([line]))[0]) / 0.5) ** 2))
    path = folder / f"{star_name(**labels)}.npz"
    np.savez(path, wavelength=air, flux=flux.astype(np.float32))
    return path


def test_spectra_come_to_lamost_s_pixels_in_vacuum(tmp_path):
    paths = [write(tmp_path, 7000.0, teff=t, logg=g, m_h=-0.5, alpha_m=0.0) for t in (3000, 3500) for g in (4.5, 5.0)]
    grid = computed_grid(paths, 1.0)
    save_theory(grid, tmp_path / "theory.h5")
    again = load_theory(tmp_path / "theory.h5")
    assert len(again) == 4 and again.labels["teff"].tolist() == [3000, 3000, 3500, 3500]
    deepest = again.wavelength[again.flux[0].argmin()]
    assert abs(deepest - 7000) < 1 and again.about["resolution"] == 1800 and not again.about["simulated"]
    deep, pixel = 1 - again.flux[0] / 1e6, np.gradient(again.wavelength)
    width = (deep * pixel).sum() / deep.max() / 1.064  # FWHM: of LAMOST, of the line, of a pixel
    expected = np.sqrt((7000 / 1800) ** 2 + (0.5 * 2.355) ** 2 + 2.355**2 / 12 * (7000 * np.log(10) * 1e-4) ** 2)
    assert width == pytest.approx(expected, rel=0.02)
    assert again.wavelength[0] < 6010 and again.wavelength[-1] > 9000


def test_the_default_grid_covers_what_slam_asks_for(tmp_path):
    settings = plain(ComputedGrid())
    ends = [min(settings["teff"]), max(settings["teff"])]
    paths = [
        write(tmp_path, 7000.0, teff=t, logg=g, m_h=m, alpha_m=0.0)
        for t in ends
        for g in (min(settings["logg"]), max(settings["logg"]))
        for m in (min(settings["m_h"]), max(settings["m_h"]))
    ]
    check_covers(computed_grid(paths, 1.0), SlamSettings().theory_box)
