"""Theory grids: one form, checked; resolution; every refusal."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.spectra.grids import Grid
from mstars.templates.theory import (
    THEORY_WAVELENGTH,
    TheoryGrid,
    check_covers,
    check_theory,
    load_theory,
    save_theory,
    to_resolution,
)


def made(n=3):
    labels = pd.DataFrame({"teff": 3000.0 + 100 * np.arange(n), "logg": 5.0, "m_h": 0.0, "alpha_m": 0.0})
    flux = 1 + 0.1 * np.arange(n)[:, None] + 0 * THEORY_WAVELENGTH
    return TheoryGrid(THEORY_WAVELENGTH, flux.astype(np.float32), labels, {"title": "made", "simulated": True})


def test_a_grid_is_read_as_it_was_written_with_the_same_bytes(tmp_path):
    save_theory(made(), tmp_path / "a.h5")
    save_theory(made(), tmp_path / "b.h5")
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()
    grid = load_theory(tmp_path / "a.h5")
    assert (grid.flux == made().flux).all() and (grid.wavelength == THEORY_WAVELENGTH).all()
    pd.testing.assert_frame_equal(grid.labels, made().labels)
    assert grid.about == made().about


def test_flux_on_pixels_of_lamost_is_the_grid_s_own():
    grid = made()
    rising = np.linspace(1, 2, len(THEORY_WAVELENGTH), dtype=np.float32)
    grid.flux[:] = rising
    pixels = Grid.log10(2205, 3806)
    found = grid.flux_on(pixels)
    first = np.argmin(np.abs(THEORY_WAVELENGTH - pixels.wavelength[0]))
    assert np.allclose(found[0], rising[first : first + len(pixels)], rtol=1e-6)
    with pytest.raises(InputError, match="reach from 58"):
        grid.flux_on(Grid.linear(3900, 8899))


def test_some_of_the_spectra():
    assert made().within({"teff": (3050, 3200)}).labels["teff"].tolist() == [3100, 3200]
    assert len(made().select([0])) == 1 and made().select(np.array([True, False, True])).labels["teff"].tolist() == [
        3000,
        3200,
    ]


def open_hole(grid):
    grid.wavelength = np.where(THEORY_WAVELENGTH > 7000, THEORY_WAVELENGTH + 50, THEORY_WAVELENGTH)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda grid: grid.flux.__setitem__((1, 5), np.nan), "spectrum 1 .*teff 3100"),
        (lambda grid: grid.flux.__setitem__(2, 0), "nowhere above 0"),
        (lambda grid: grid.labels.__setitem__("teff", 3000.0), "same labels"),
        (lambda grid: grid.labels.loc.__setitem__((0, "alpha_m"), np.nan), "only some .* alpha_m"),
        (lambda grid: grid.labels.__setitem__("m_h", np.nan), "must be known"),
        (lambda grid: setattr(grid, "wavelength", THEORY_WAVELENGTH / 1e4), "not a range in angstrom"),
        (open_hole, "a hole of 5"),
        (lambda grid: setattr(grid, "wavelength", THEORY_WAVELENGTH[::-1]), "not ascending"),
        (lambda grid: setattr(grid, "flux", grid.flux[:, 1:]), "do not agree"),
    ],
)  # fmt: skip
def test_a_wrong_grid_is_refused(change, message):
    grid = made()
    change(grid)
    with pytest.raises(InputError, match=message):
        check_theory(grid)


def test_files_that_are_no_grids_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such theory grid"):
        load_theory(tmp_path / "none.h5")
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(InputError, match="not a readable"):
        load_theory(tmp_path / "text.h5")


def test_a_grid_that_does_not_cover_the_labels_is_refused():
    check_covers(made(), {"teff": (3000, 3200)})
    with pytest.raises(InputError, match="teff from 3000 to 3200; 2800 to 4500"):
        check_covers(made(), {"teff": (2800, 4500)})


def test_a_line_has_the_width_of_the_resolution_and_keeps_its_light():
    fine = np.exp(np.arange(np.log(5700), np.log(9300), 2e-6))
    flux = np.ones_like(fine)
    line = int(np.argmin(np.abs(fine - 7500)))
    flux[line] += 1e4
    found = to_resolution(fine, flux, None, 1800) - 1
    pixel = np.log(THEORY_WAVELENGTH[1] / THEORY_WAVELENGTH[0])
    place = np.log(THEORY_WAVELENGTH)
    centre = (found * place).sum() / found.sum()
    width = 2.3548 * np.sqrt((found * (place - centre) ** 2).sum() / found.sum() - pixel**2 / 12)
    assert np.exp(centre) == pytest.approx(7500, abs=0.09) and width == pytest.approx(1 / 1800, rel=0.01)
    area = (found * np.gradient(THEORY_WAVELENGTH)).sum()
    assert area == pytest.approx(1e4 * np.gradient(fine)[line], rel=1e-3)
    same = to_resolution(fine, flux, 1800, 1800) - 1
    assert same.max() > 2.5 * found.max()  # as sharp as it was


def test_every_label_is_in_the_file():
    assert set(made().limits()) == set(LABELS)
