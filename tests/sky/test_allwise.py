"""AllWISE."""

import numpy as np
import pytest
from astropy.table import Table
from made_sky import SETTINGS, candidates, gaia_table

from mstars.sky.allwise import match_allwise
from mstars.sky.crossmatch import propagate
from mstars.sky.gaia import match_gaia


def test_allwise_is_found_where_gaia_says_the_star_was(tmp_path):
    table = gaia_table([50.0], [10.0], pmra=[1000.0])
    table.to_parquet(tmp_path / "gaia.parquet")
    ra, dec = propagate([50.0], [10.0], [1000.0], [0.0], -5.5)
    wise = Table({"AllWISE": ["J1"], "RAJ2000": ra, "DEJ2000": dec})
    for name, value in {"W1mag": 9.0, "e_W1mag": 0.02, "W2mag": 8.9, "e_W2mag": 0.03}.items():
        wise[name] = np.array([value], dtype="f4")
    wise.write(tmp_path / "allwise.fits")
    rows = candidates([50.0], [10.0])
    gaia = match_gaia(rows, tmp_path / "gaia.parquet", None, SETTINGS)
    ours = match_allwise(rows, gaia, tmp_path / "allwise.fits", SETTINGS)
    paper = match_allwise(rows, gaia, tmp_path / "allwise.fits", SETTINGS | {"method": "plain"})
    assert ours["match_epoch"].tolist() == ["catalogue"]
    assert ours["w1mpro"][0] == pytest.approx(9.0)
    assert paper["designation"].tolist() == [""]
    assert paper["w1mpro"].isna().all()
