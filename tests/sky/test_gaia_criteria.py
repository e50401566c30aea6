"""One list of Gaia's criteria: CMD_flag and `mstars explain` follow it."""

import numpy as np
import pandas as pd
import pytest
from made_sky import good_gaia

from mstars.files.tables import write_table
from mstars.ops.explain import Story, explain
from mstars.sky import gaia_criteria
from mstars.sky.gaia_criteria import Criterion, cmd_flag, excess_sigma, usual_excess


def test_every_user_follows_the_limits(monkeypatch, tmp_path):
    catalog = pd.DataFrame({"spectrum_key": ["a"], "obsid": [1], "plate": "p", "batch": "b"})
    write_table(catalog, tmp_path / "plan/m_catalog_v0.parquet")
    gaia = pd.DataFrame({"spectrum_key": ["a"], "source_id": pd.array([7], "Int64"), "sep_arcsec": 0.1, "ruwe": 2.0})
    write_table(gaia, tmp_path / "crossmatch/gaia.parquet")
    only = (Criterion("ruwe", "<", 1.4),)
    monkeypatch.setattr(gaia_criteria, "GAIA_CRITERIA", only)
    assert not cmd_flag(gaia).any()
    assert "ruwe 2 < 1.4: FAILED" in explain(Story(tmp_path, "a"))
    monkeypatch.setattr(gaia_criteria, "GAIA_CRITERIA", (Criterion("ruwe", "<", 3.0),))
    assert cmd_flag(gaia).all()
    assert "ruwe 2 < 3: passed" in explain(Story(tmp_path, "a"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parallax_over_error", 5.0),
        ("ruwe", 1.4),
        ("phot_g_mean_flux_over_error", 20.0),
        ("phot_bp_mean_flux_over_error", 20.0),
        ("phot_rp_mean_flux_over_error", 20.0),
        ("ruwe", np.nan),
        ("parallax_over_error", np.nan),
    ],
)
def test_each_of_the_five_criteria_counts_and_is_strict(name, value):
    assert cmd_flag(good_gaia()).all()
    assert not cmd_flag(good_gaia().assign(**{name: value})).any()


def test_the_usual_excess_factor_is_smooth_and_missing_without_a_colour():
    # Riello et al. 2021, Table 2: three polynomials that meet at 0.5 and 4.0 mag
    found = usual_excess([0.0, 0.5, 1.0, 2.0, 5.0, np.nan])
    np.testing.assert_allclose(found[:5], [1.15436, 1.179315, 1.216844, 1.334920, 1.760257], atol=2e-6)
    assert np.isnan(found[5])
    for edge in (0.5, 4.0):
        assert abs(np.diff(usual_excess([edge - 1e-9, edge]))[0]) < 0.02
    assert excess_sigma(10.0) == pytest.approx(0.0063561, abs=1e-6)
    assert excess_sigma(20.0) > 0.05
