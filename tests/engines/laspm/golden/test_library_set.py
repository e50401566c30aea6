"""A library as the engine's labelled set."""

import numpy as np
import pandas as pd
import pytest
from made_golden import make_candidates

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.library_set import BATCH, library_set, write_library_store
from mstars.engines.laspm.golden.product import LibraryFile
from mstars.engines.laspm.golden.spectra import GRID
from mstars.engines.laspm.model import ENGINE
from mstars.files.stores import read_batch


def library(n=40):
    table, spectra, _ = make_candidates(n, bad=0)
    table = table.assign(luminosity_class="dM", **{f"{label}_label_err": 0.1 for label in ("teff", "logg", "m_h")})
    return LibraryFile(table, spectra.flux, spectra.ivar, GRID.wavelength)


def survey(stored):
    """Two further spectra of each star of the library, one of them without a velocity, and one of another star."""
    stars = [*stored["star_id"], *stored["star_id"], "other"]
    keys = [f"new{number:03d}" for number in range(len(stars))]
    rv = [10.0] * len(stored) + [np.nan] * len(stored) + [10.0]
    m_catalog = pd.DataFrame({"spectrum_key": keys, "luminosity_class": "dM", "rv": rv, "snri": 30.0})
    spectra = pd.DataFrame({"spectrum_key": keys, "batch": "b1", "row": np.arange(len(keys))})
    return m_catalog, spectra, pd.DataFrame({"spectrum_key": keys, "star_id": stars})


def labelled(stored, **changes):
    options = {"kind": "dM", "folds": 5, "least": 20, "least_snr": 10, "seed": 1} | changes
    return library_set(stored, *survey(stored), **options)


def test_the_store_holds_what_the_engine_sees(tmp_path):
    made = library()
    made.table.loc[3, "m_h"] = np.nan
    stored = write_library_store(made, "library.fits", tmp_path / f"{BATCH}.h5")
    assert len(stored) == 39 and (stored["batch"] == BATCH).all()
    spectra = read_batch(tmp_path / f"{BATCH}.h5")
    x = ENGINE.prepare(spectra, np.zeros(39), {"tellurics": ()})
    pixels = slice(2100 - 229, None)
    own = np.delete(made.flux, 3, axis=0)[:, pixels]
    np.testing.assert_allclose(x.flux, own / own.mean(axis=1, keepdims=True), atol=1e-5)
    assert (x.filled < 0.01).all()


def test_further_spectra_of_library_stars_are_labelled_but_not_in_the_library(tmp_path):
    stored = write_library_store(library(), "library.fits", tmp_path / "l.h5")
    table, summary = labelled(stored)
    assert len(table) == 80 and table["in_library"].sum() == 40 and summary["further spectra of its stars"] == 40
    of_star = table.groupby("star_id")
    assert (of_star["teff"].nunique() == 1).all() and (of_star["fold"].nunique() == 1).all()
    assert table["spectrum_key"].is_monotonic_increasing and summary["hash"]


def test_too_few_stars_or_a_spectrum_twice(tmp_path):
    made = library()
    stored = write_library_store(made, "library.fits", tmp_path / "l.h5")
    with pytest.raises(InputError, match="library laspm_gM: 0 stars"):
        labelled(stored, kind="gM")
    made.table.loc[1, "spectrum_key"] = made.table.loc[0, "spectrum_key"]
    with pytest.raises(InputError, match="library.fits: the library has 56000-P1-sp01-000 twice"):
        write_library_store(made, "library.fits", tmp_path / "twice.h5")
