"""The planted theory grid: what the gap is, and that without it the grid is the survey's own spectra."""

import numpy as np
import pytest

from mstars.core.labels import LABELS
from mstars.simulate.log_flux import anchored
from mstars.simulate.theory_grid import (
    GRID_LABELS,
    NO_GAP,
    PLANTED,
    TheoryGap,
    envelope,
    sed_grid,
    theory_grid,
    wrong,
)
from mstars.templates.library import LIBRARY_GRID
from mstars.templates.theory import THEORY_WAVELENGTH, load_theory, save_theory

INSIDE = np.isin(LIBRARY_GRID, THEORY_WAVELENGTH)


FEW = {"teff": [3000.0, 3600.0, 4200.0], "logg": [5.0], "m_h": [-0.5, 0.0], "alpha_m": [0.0]}


@pytest.fixture
def dwarfs(maker, monkeypatch):
    for label in LABELS:
        monkeypatch.setitem(GRID_LABELS, label, np.array(FEW[label]))
    return maker.dwarfs


def test_without_a_gap_the_spectra_are_the_survey_s_own(dwarfs, tmp_path):
    grid = theory_grid(dwarfs, NO_GAP)
    assert len(grid) == 6
    own = np.exp(anchored(dwarfs.log_flux(*(grid.labels[label] for label in LABELS))))[:, INSIDE]
    assert np.abs(grid.flux / own - 1).max() < 1e-6
    save_theory(grid, tmp_path / "theory.h5")
    assert load_theory(tmp_path / "theory.h5").about["gap"] == {**NO_GAP.__dict__}


def test_with_it_bands_are_shallower_and_everything_moves(dwarfs):
    true, planted = theory_grid(dwarfs, NO_GAP), theory_grid(dwarfs, PLANTED)
    ratio = np.log(planted.flux / true.flux)
    assert 0.03 < ratio.std() < 0.3
    assert planted.about["gap"]["offset_kms"] == 3.0 and planted.about["simulated"]


def test_each_part_does_what_it_says():
    log = -np.exp(-0.5 * ((LIBRARY_GRID - 7200) / 30) ** 2)[None]
    tio = wrong(log, TheoryGap(0.85, 1, 0, 900, 1, 0))
    centre = np.argmin(np.abs(LIBRARY_GRID - 7200))
    assert tio[0, centre] / log[0, centre] == pytest.approx(0.85, abs=0.01)
    curve = wrong(0 * log, TheoryGap(1, 1, 0.08, 900, 1, 0))
    assert np.abs(curve).max() == pytest.approx(0.08, rel=1e-3)
    moved = wrong(log, TheoryGap(1, 1, 0, 900, 1, 3.0))
    assert LIBRARY_GRID[np.argmin(moved)] == pytest.approx(7200 * (1 + 3.0 / 299792.458), abs=0.9)
    wings = wrong(-np.exp(-np.abs(LIBRARY_GRID - 7701.1) / 8)[None], TheoryGap(1, 1, 0, 900, 0.5, 0))
    off = np.argmin(np.abs(LIBRARY_GRID - 7716))
    assert wings[0, off] > -np.exp(-15 / 8) and (envelope(log, 25) >= log).all()


@pytest.mark.parametrize("kind", ["dM", "gM"])
def test_shapes_of_the_optical_range_are_the_stars_own_but_for_the_gap(maker, kind):
    same, planted = (sed_grid(maker, kind, np.random.default_rng(1), *gap) for gap in ((NO_GAP,), ()))
    assert same.wavelength[0] < 3860 and same.wavelength[-1] > 8990 and len(same) == len(planted) > 100
    ratio = np.log(planted.flux / same.flux)
    assert 0.01 < ratio.std() < 0.15
    labels = same.labels.iloc[[0, -1]]
    if kind == "dM":
        own = np.exp(anchored(maker.dwarfs.log_flux(*(labels[label].to_numpy() for label in LABELS))))
        inside = (LIBRARY_GRID > 3850) & (LIBRARY_GRID < 9000)
        assert np.abs(same.flux[[0, -1]] / own[:, inside] - 1).max() < 1e-5
