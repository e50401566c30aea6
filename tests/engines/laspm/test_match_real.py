"""Real templates with labels as a small library against real M dwarfs; skipped where there are none."""

import numpy as np
import pandas as pd
import pytest
from places import ROOT

from mstars.engines.laspm.library import Library, library_noise
from mstars.engines.laspm.match import match
from mstars.engines.laspm.model import ENGINE
from mstars.lamost.grid import place_on_grid
from mstars.lamost.reader import read_spectrum
from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import mean_normalised
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength
from mstars.templates.library import load_library

TEMPLATES = ROOT / "results" / "templates" / "library.h5"


@pytest.fixture(scope="module")
def library():
    """Dwarf templates with a temperature, on the engine's pixels."""
    if not TEMPLATES.is_file():
        pytest.skip(f"no template library at {TEMPLATES} (make it with the rule build_templates)")
    templates = load_library(TEMPLATES)
    rows = np.flatnonzero((templates.table["kind"] == "dM") & np.isfinite(templates.table["teff"]))
    grid = ENGINE.info.grid.wavelength
    flux = np.array([np.interp(grid, templates.wavelength, templates.flux[row]) for row in rows], np.float32)
    flux, ivar = mean_normalised(flux, np.full(flux.shape, 1e4, np.float32))
    names = templates.table["name"].to_numpy(dtype=str)[rows]
    return Library(flux, templates.table[["teff"]].to_numpy(dtype=float)[rows], names, names, *library_noise(ivar))


@pytest.fixture(scope="module")
def dwarfs(real):
    """Real M dwarfs with a temperature of CARMENES (Cifuentes et al. 2020): spectra, velocities, temperatures."""
    table = pd.read_csv(real / "lamost" / "m_star_truth.csv")
    table = table[table["cif03_Teff_K"].notna()].reset_index(drop=True)
    flux, ivar = np.zeros((2, len(table), N_PIXEL), np.float32)
    ormask = np.zeros((len(table), N_PIXEL), np.uint8)
    for k, row in table.iterrows():
        place_on_grid(read_spectrum(real / "lamost" / row.src / row.file), flux[k], ivar[k], ormask[k])
    key = np.array([f"{k:02d}" for k in range(len(table))])
    rv = table["cif03_rv"].fillna(table["rv_lamost_z"]).to_numpy(dtype=float)
    return SpectrumSet(flux, ivar, ormask, lamost_wavelength(), key), rv, table["cif03_Teff_K"].to_numpy(dtype=float)


@pytest.mark.real
def test_teff_of_real_dwarfs_by_real_templates(library, dwarfs):
    spectra, rv, truth = dwarfs
    x = ENGINE.prepare(spectra, rv, {"tellurics": ()})
    found = match(library, x.flux, x.ivar)
    off = np.einsum("nb,nbk->nk", found.weight, library.labels[found.best])[:, 0] - truth
    print(len(library), len(off), np.round(off).tolist(), truth.tolist())
    assert len(off) >= 15 and (np.abs(off) <= 200).mean() >= 0.8
