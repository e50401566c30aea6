"""Spectra measured without the workflow: a made star of known velocity, real M dwarfs, and what is wrong."""

import lamost_files
import numpy as np
import pandas as pd
import pytest
from places import ROOT

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.measure import classes, load_models, measure, parameters, read_spectra, velocities
from mstars.ops.cli import main
from mstars.templates.library import load_library

LIBRARY = ROOT / "results" / "templates" / "library.h5"
RV = 42.0

pytestmark = pytest.mark.skipif(
    not LIBRARY.is_file(), reason=f"no template library; `make {LIBRARY.relative_to(ROOT)}`"
)


@pytest.fixture(scope="module")
def models():
    return load_models()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An M dwarf at S/N 50, a file of noise that can't be opened."""
    place = tmp_path_factory.mktemp("files")
    library = load_library(LIBRARY, sources=["bochanski"])
    table = library.table
    row = np.flatnonzero(((table["kind"] == "dM") & (table["subclass"] == "M3")).to_numpy())[0]
    data = lamost_files.arrays()
    flux = np.interp(data["wavelength"], library.wavelength * (1 + RV / C_KMS), np.nan_to_num(library.flux[row]))
    noise = np.random.default_rng(3).normal(0, 1, flux.size) * flux.clip(0.2) / 50
    data |= {"flux": (100 * (flux + noise)).astype("f4"), "ivar": (0.5 / flux.clip(0.2)).astype("f4") ** 2}
    lamost_files.write(place / "star.fits.gz", "coadd", data)
    (place / "broken.fits").write_text("no FITS file")
    return place


def test_a_star_of_known_velocity(folder, models):
    table, rejected = measure(folder, LIBRARY, models)
    assert len(table) == len(rejected) == 1 and rejected["filename"].item() == "broken.fits"
    star = table.iloc[0]
    assert abs(star["rv_tm"] - RV) < 3 * star["rv_tm_err"] < 20
    assert (star["spt_class"], star["luminosity_class"]) == ("M", "dM")
    assert 3000 < star["teff"] < 3900 and 4.3 < star["logg"] < 5.5
    assert 0 < star["teff_err"] < 200 and star["engine_flag"] & EngineFlag.SIMULATION_TRAINED


def test_step_by_step_is_the_same(folder, models):
    whole, _ = measure(folder, LIBRARY, models)
    spectra, header, _ = read_spectra(folder)
    velocity, found = velocities(spectra, LIBRARY), classes(spectra, models)
    labels = parameters(spectra, velocity["rv_tm"], found["luminosity_class"], header, models)
    parts = {"rv_tm": velocity, "spt_prob": found, "teff": labels, "teff_err": labels}
    for name, part in parts.items():
        np.testing.assert_array_equal(whole[name], part[name])


def test_what_is_no_m_star_has_no_parameters(folder, models):
    spectra, header, _ = read_spectra(folder)
    labels = parameters(spectra, np.array([0.0]), np.array([""]), header, models)
    assert labels[["teff", "teff_err"]].isna().all(axis=None) and labels["flag"].item() & EngineFlag.OTHER_CLASS


def test_what_is_missing_is_told(tmp_path, folder):
    spectra, _, _ = read_spectra(folder)
    with pytest.raises(InputError, match="no template library; make it with"):
        velocities(spectra, tmp_path / "none.h5")
    with pytest.raises(InputError, match="nothing"):
        read_spectra(tmp_path / "nothing")


def test_the_command(folder, tmp_path, capsys):
    assert main(["measure", str(folder), "--library", str(LIBRARY), "--output", str(tmp_path / "all.csv")]) == 0
    said = capsys.readouterr().out
    assert "star.fits.gz" in said and "not used: broken.fits" in said and "not for science" in said
    assert abs(pd.read_csv(tmp_path / "all.csv")["rv_tm"].item() - RV) < 20


def test_real_m_dwarfs_with_independent_velocities(real, models):
    truth = pd.read_csv(real / "lamost" / "m_star_truth.csv")
    known = truth["birky_RV_APOGEE"].fillna(truth["cif03_rv"])
    table, _ = measure(real / "lamost", LIBRARY, models)
    joined = table.merge(truth.assign(known=known)[["file", "known"]], left_on="filename", right_on="file")
    joined = joined[joined["known"].notna()]
    assert len(joined) >= 15 and (joined["luminosity_class"] == "dM").mean() > 0.95
    assert (joined["rv_tm"] - joined["known"]).abs().max() < 30
