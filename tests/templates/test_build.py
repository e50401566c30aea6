"""Templates on the library's grid."""

import numpy as np
import pytest
from made_templates import WAVE, spectrum, text_file

from mstars.core.errors import InputError
from mstars.templates.build import build_library, to_grid, velocity_offset
from mstars.templates.library import LIBRARY_GRID, load_library


def test_flux_is_conserved_on_the_grid():
    fine = np.arange(3600.0, 9300.0, 0.07)
    flux = 1 + 5 * np.exp(-0.5 * ((fine - 7000) / 0.4) ** 2)
    mean = to_grid(fine, flux)
    inside = (LIBRARY_GRID > 6950) & (LIBRARY_GRID < 7050)
    area = ((mean[inside] - 1) * np.diff(LIBRARY_GRID).mean()).sum()
    step = np.gradient(LIBRARY_GRID)[inside]
    assert ((mean[inside] - 1) * step).sum() == pytest.approx(5 * 0.4 * np.sqrt(2 * np.pi), rel=1e-3), area
    assert np.isnan(mean[LIBRARY_GRID < 3599]).all()


def test_air_is_made_vacuum_once(tmp_path):
    """H alpha of an air template lies at 6564.6 A in the library, and a vacuum one is left alone."""
    text_file(tmp_path / "air.txt", WAVE, spectrum(6562.80))
    text_file(tmp_path / "vacuum.txt", WAVE, spectrum(6564.61))
    extra = [
        {"source": "a", "path": str(tmp_path / "air.txt"), "medium": "air", "subclass": "M2"},
        {"source": "v", "path": str(tmp_path / "vacuum.txt"), "medium": "vacuum", "subclass": "M2"},
    ]
    build_library(None, tmp_path / "library.h5", extra)
    library = load_library(tmp_path / "library.h5")
    near = (library.wavelength > 6500) & (library.wavelength < 6620)
    for row in library.flux:
        depth = (library.wavelength[near] / 6000) * (row[near][0] / (library.wavelength[near][0] / 6000)) - row[near]
        assert (depth * library.wavelength[near]).sum() / depth.sum() == pytest.approx(6564.61, abs=0.05)
    assert list(library.table["kind"]) == ["dM", "dM"]
    assert library.table["teff"].iloc[0] == 3560
    assert len(load_library(tmp_path / "library.h5", sources=["a"])) == 1
    with pytest.raises(InputError, match="no template of source nothing"):
        load_library(tmp_path / "library.h5", sources=["nothing"])
    with pytest.raises(InputError, match="no template of kind gM"):
        load_library(tmp_path / "library.h5", kinds=["gM"])


def test_velocity_offset():
    lines = sum(np.exp(-0.5 * ((LIBRARY_GRID - x) / 2.0) ** 2) for x in (8500.4, 8544.4, 8664.5))
    moved = np.interp(LIBRARY_GRID / (1 + 40 / 299792.458), LIBRARY_GRID, 1 - 0.5 * lines)
    assert velocity_offset(moved, 1 - 0.5 * lines) == pytest.approx(40, abs=2)
