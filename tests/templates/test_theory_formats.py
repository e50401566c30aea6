"""Theory grids of others: SVO text, native PHOENIX files, FITS tables, npz."""

import gzip

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from mstars.core.errors import InputError
from mstars.spectra.wavelengths import air_to_vacuum
from mstars.templates.theory import THEORY_WAVELENGTH, TheoryGrid, save_theory
from mstars.templates.theory_formats import read_lte, read_svo, read_theory_grid

WAVE = np.arange(5600.0, 9400.0, 0.5)
LABELS = [(3200.0, 5.0, -0.5, 0.2), (3300.0, 4.5, 0.0, 0.0)]


def flux_of(wave, teff):
    return (1 + (wave - 5000) / 5000) * (1 - 0.4 * np.exp(-0.5 * ((wave - 7667) / (teff / 300)) ** 2))


def expected(teff, medium="vacuum"):
    wave = WAVE if medium == "vacuum" else air_to_vacuum(WAVE)
    return np.interp(THEORY_WAVELENGTH, wave, flux_of(WAVE, teff))


def write_svo(folder):
    for teff, logg, m_h, alpha in LABELS:
        head = f"# BT-Settl\n# teff = {teff:.0f} K (value)\n# logg = {logg} log(cm/s2)\n"
        head += f"# meta = {m_h}\n# alpha = {alpha}\n#\n"
        body = "\n".join(f"{x:.2f}   {y:.6e}" for x, y in zip(WAVE, flux_of(WAVE, teff), strict=True))
        (folder / f"model{teff:.0f}.txt").write_text(head + body + "\n")


def write_lte(folder, order=None):
    for teff, logg, m_h, alpha in LABELS:
        rows = [
            f" {x:.4E}{np.log10(y) - 8:+.5f} 1.00E+00".replace("E", "D")
            for x, y in zip(WAVE, flux_of(WAVE, teff), strict=True)
        ]
        rows = [rows[i] for i in np.random.default_rng(1).permutation(len(rows))]
        name = f"lte{teff / 100:05.1f}-{logg:.1f}{m_h:+.1f}a{alpha:+.1f}.BT-Settl.spec.7.gz"
        with gzip.open(folder / name, "wt") as handle:
            handle.write("\n".join(rows))


def write_fits(folder):
    for number, (teff, logg, m_h, alpha) in enumerate(LABELS):
        table = Table({"Wavelength": WAVE / 1e4, "Flux": flux_of(WAVE, teff)})
        table["Wavelength"].unit = "um"
        hdu = fits.BinTableHDU(table)
        hdu.header.update(PHXTEFF=teff, PHXLOGG=logg, PHXM_H=m_h, PHXALPHA=alpha)
        hdu.writeto(folder / f"{number}.fits")


def write_npz(folder):
    columns = dict(zip(("teff", "logg", "m_h", "alpha_m"), np.array(LABELS).T, strict=True))
    np.savez(folder / "grid.npz", wavelength=WAVE, flux=[flux_of(WAVE, one[0]) for one in LABELS], **columns)


@pytest.mark.parametrize("write", [write_svo, write_lte, write_fits, write_npz], ids=lambda one: one.__name__[6:])
def test_the_same_grid_in_every_form(tmp_path, write):
    write(tmp_path)
    path = tmp_path / "grid.npz" if write is write_npz else tmp_path
    grid = read_theory_grid(path, medium=None if write is write_lte else "vacuum")
    assert grid.labels.sort_values("teff")[["teff", "logg", "m_h", "alpha_m"]].to_numpy().tolist() == [
        list(one) for one in LABELS
    ]
    assert (grid.wavelength == THEORY_WAVELENGTH).all() and grid.about["air_converted"] is False
    for row, (teff, *_) in zip(grid.flux[np.argsort(grid.labels["teff"])], LABELS, strict=True):
        ratio = row / expected(teff)
        assert np.abs(ratio / np.median(ratio) - 1).max() < 0.015  # the broadening blunts the line a little


def test_air_is_converted(tmp_path):
    write_npz(tmp_path)
    grid = read_theory_grid(tmp_path / "grid.npz", medium="air", native=1800.0)
    assert grid.about["air_converted"] and np.abs(grid.flux[0] / expected(3200.0, "air") - 1).max() < 1e-3


def test_a_theory_h5_stays_as_it_is(tmp_path):
    labels = pd.DataFrame({"teff": [3000.0], "logg": 5.0, "m_h": 0.0, "alpha_m": 0.0})
    save_theory(
        TheoryGrid(THEORY_WAVELENGTH, np.ones((1, len(THEORY_WAVELENGTH))), labels, {"title": "x"}),
        tmp_path / "theory.h5",
    )
    assert read_theory_grid(tmp_path / "theory.h5").about == {"title": "x"}
    assert read_theory_grid(tmp_path / "theory.h5", medium="vacuum").about == {"title": "x"}
    with pytest.raises(InputError, match="wavelengths of vacuum, the key medium says air"):
        read_theory_grid(tmp_path / "theory.h5", medium="air")


def test_what_cannot_be_read_says_why(tmp_path):
    with pytest.raises(InputError, match="no theory grid there"):
        read_theory_grid(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no spectra"):
        read_theory_grid(tmp_path, medium="air")
    write_npz(tmp_path)
    with pytest.raises(InputError, match="air or vacuum"):
        read_theory_grid(tmp_path / "grid.npz")
    with pytest.raises(InputError, match="medium is 'water'"):
        read_theory_grid(tmp_path / "grid.npz", medium="water")
    np.savez(tmp_path / "short.npz", wavelength=WAVE, flux=np.ones((1, len(WAVE))), teff=[3000.0])
    with pytest.raises(InputError, match="no array logg, m_h"):
        read_theory_grid(tmp_path / "short.npz", medium="air")
    (tmp_path / "odd.txt").write_text("5000 1\n5001 2\n")
    with pytest.raises(InputError, match="no labels"):
        read_svo(tmp_path / "odd.txt")
    (tmp_path / "bad.txt").write_text("# teff = 3000\n5000 1\nend of file\n")
    with pytest.raises(InputError, match="line 3"):
        read_svo(tmp_path / "bad.txt")
    (tmp_path / "lte032.0-5.0-0.0a+0.0.spec.7").write_text("5000.0\n")
    with pytest.raises(InputError, match="line 1"):
        read_lte(tmp_path / "lte032.0-5.0-0.0a+0.0.spec.7")


def test_a_hole_in_a_spectrum_is_refused(tmp_path):
    kept = (WAVE < 7000) | (WAVE > 7040)
    flux = np.stack([flux_of(WAVE, one[0]) for one in LABELS])[:, kept]
    columns = {name: np.array([one[place] for one in LABELS]) for place, name in enumerate(("teff", "logg", "m_h"))}
    np.savez(tmp_path / "hole.npz", wavelength=WAVE[kept], flux=flux, **columns)
    with pytest.raises(InputError, match="spectrum 0: a hole of 4"):
        read_theory_grid(tmp_path / "hole.npz", medium="vacuum")


def test_spectra_outside_the_optical_are_refused(tmp_path):
    np.savez(
        tmp_path / "red.npz", wavelength=WAVE + 10000, flux=np.ones((1, len(WAVE))), teff=[3e3], logg=[5.0], m_h=[0.0]
    )
    with pytest.raises(InputError, match="no wavelengths between 5801"):
        read_theory_grid(tmp_path / "red.npz", medium="vacuum")


def test_a_computed_grid_of_others(real, tmp_path):
    """64 spectra of C3K atmospheres by Turbospectrum, 6000-9000 A, R 1800, in air."""
    file = np.load(real / "synthetic" / "grid_r1800.npz")
    columns = dict(zip(("teff", "logg", "m_h"), file["teff_logg_mh"].T, strict=True))
    np.savez(tmp_path / "grid.npz", wavelength=file["wave_air"], flux=file["flux"], **columns)
    grid = read_theory_grid(tmp_path / "grid.npz", medium="air", native=1800.0)
    assert len(grid) == 64 and grid.limits() == {"teff": (2800, 4200), "logg": (4.5, 5.0), "m_h": (-1.0, 0.5)}
    assert grid.wavelength[0] == pytest.approx(6002.5, abs=2) and grid.wavelength[-1] == pytest.approx(9002, abs=2)
    narrow = np.interp(air_to_vacuum(7000.0), grid.wavelength, grid.flux[0])
    assert narrow == pytest.approx(np.interp(7000.0, file["wave_air"], file["flux"][0]), rel=0.02)
