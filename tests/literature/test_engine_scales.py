"""All engines on one scale: planted offsets come back, both values stay, and what has no map is said."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.literature.engine_labels import Source
from mstars.literature.engine_scales import fit_scales, scaled_labels, source_of_scale

N = 3000
SOURCES = [
    Source("cnn", "CNN", "apogee_dr16", "engine"),
    Source("laspm", "LASPM", "starhorse", "engine"),
    Source("apogee", "APOGEE", "apogee_dr16", "reference"),
    Source("truth", "truth", "truth", "reference"),
    Source("starhorse", "StarHorse", "starhorse", "catalogue"),
]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(7)
    teff, m_h = rng.uniform(3200, 4000, N), rng.normal(-0.1, 0.2, N)
    return pd.DataFrame(
        {
            "luminosity_class": np.where(np.arange(N) % 3 == 0, "gM", "dM"),
            "teff_cnn": teff + rng.normal(0, 40, N),
            "teff_cnn_err": 40.0,
            "m_h_cnn": m_h + rng.normal(0, 0.08, N),
            "m_h_cnn_err": 0.08,
            "logg_cnn": 4.8,
            "logg_cnn_err": 0.05,
            "teff_laspm": teff - 90,
            "teff_laspm_err": 50.0,
            "teff_starhorse": teff - 90 + rng.normal(0, 60, N),
            "m_h_starhorse": m_h + 0.05 + rng.normal(0, 0.1, N),
        }
    )


def test_planted_offsets_come_back_and_an_engine_on_the_scale_stays(table):
    scales = fit_scales(table, SOURCES, "starhorse")
    assert scales["maps"]["laspm"] == {"dM": None, "gM": None}
    parameters = pd.DataFrame({"luminosity_class": table["luminosity_class"]})
    for label in ("teff", "logg", "m_h", "alpha_m"):
        parameters[label] = table.get(f"{label}_cnn", np.nan)
        parameters[f"{label}_calib_err"] = table.get(f"{label}_cnn_err", np.nan)
    found = scaled_labels("cnn", parameters, scales)
    for kind in ("dM", "gM"):
        rows = (table["luminosity_class"] == kind).to_numpy()
        off = (found["teff"] - parameters["teff"])[rows]
        assert np.median(off) == pytest.approx(-90, abs=8)
        assert np.median((found["m_h"] - parameters["m_h"])[rows]) == pytest.approx(0.05, abs=0.02)
    assert (found["teff_err"] > 30).all() and found["logg"].isna().all() and found["alpha_m"].isna().all()
    assert any("cnn dM logg" in text and "StarHorse" in text for text in scales["left_out"])
    same = scaled_labels("laspm", parameters, scales)
    np.testing.assert_array_equal(same["teff"], parameters["teff"])


def test_a_scale_that_nothing_is_on_is_refused():
    with pytest.raises(InputError, match="scale_to: nothing is on the scale 'mann'; there are: apogee_dr16, starhorse"):
        source_of_scale(SOURCES, "mann")
    assert source_of_scale(SOURCES, "apogee_dr16").name == "apogee"


def test_no_star_in_common_gives_no_map_and_no_value(table):
    alone = table.assign(teff_starhorse=np.nan, m_h_starhorse=np.nan)
    scales = fit_scales(alone, SOURCES, "starhorse")
    assert scales["maps"]["cnn"]["dM"]["maps"] == {} and len(scales["left_out"]) == 8
    parameters = pd.DataFrame({"luminosity_class": table["luminosity_class"]})
    for label in ("teff", "logg", "m_h", "alpha_m"):
        parameters[label], parameters[f"{label}_calib_err"] = 1.0, 0.1
    assert scaled_labels("cnn", parameters, scales).isna().all(axis=None)
