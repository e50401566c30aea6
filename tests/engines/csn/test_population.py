import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.csn.population import (
    METALLICITIES,
    SHIFT,
    alpha_tie,
    draw_mixture,
    follow,
    isochrone_points,
    synthetic_set,
)

LIMITS = {"teff": (3000.0, 4000.0), "logg": (4.0, 6.0), "m_h": (-1.0, 0.5)}
GRID = {"teff": (2800.0, 4300.0), "logg": (4.5, 5.5), "m_h": (-1.5, 0.5), "alpha_m": (-0.2, 0.4)}
SETTINGS = {
    "teff": (3000, 4000),
    "logg": (4, 6),
    "m_h": (-1, 0.5),
    "components": 8,
    "draws": 40000,
    "cell": (50, 0.1),
    "coverage_min": 0.5,
}


def made_isochrones(metallicities=METALLICITIES):
    """Dwarfs whose log g falls with Teff, and giants that must not come in."""
    teff = np.linspace(2500, 4800, 40)
    dwarfs = [pd.DataFrame({"teff": teff, "logg": 5.2 - 0.5 * (teff - 3000) / 1000 - 0.1 * m, "m_h": m})
              for m in metallicities]  # fmt: skip
    giants = pd.DataFrame({"teff": [3500.0], "logg": [1.0], "m_h": [0.0]})
    return pd.concat([*dwarfs, giants], ignore_index=True)


def reference(n=3000, teff=3500.0, m_h=-0.2, seed=1):
    draws = np.random.default_rng(seed)
    return pd.DataFrame({"teff": draws.normal(teff, 150, n), "m_h": draws.normal(m_h, 0.2, n)})


def made_set(variant="all", settings=SETTINGS, **changes):
    given = {"isochrones": made_isochrones(), "reference": reference(), "grid_limits": GRID} | changes
    return synthetic_set(*given.values(), settings, n=5000, seed=1, variant=variant)


def test_points_lie_on_the_isochrones_with_the_papers_alpha():
    points = isochrone_points(made_isochrones(), LIMITS)
    expected = 5.2 - 0.5 * (points["teff"] - 3000) / 1000 - 0.1 * points["m_h"]
    assert points["logg"].to_numpy() == pytest.approx(expected, abs=1e-3) and points["teff"].between(3000, 4000).all()
    alpha = points.groupby("m_h")["alpha_m"].first()
    assert alpha[[-1.0, -0.5, 0.0, 0.5]].tolist() == pytest.approx([0.4, 0.2, 0.0, 0.0])


def test_the_mixture_is_wide_in_four_labels_and_near_the_points():
    points = isochrone_points(made_isochrones(), LIMITS)
    stars = draw_mixture(points, 20000, 8, np.random.default_rng(1))
    expected = 5.2 - 0.5 * (stars["teff"] - 3000) / 1000 - 0.1 * stars["m_h"]
    assert (stars["logg"] - expected).std() < 0.05 and stars["alpha_m"].nunique() == len(stars)
    assert stars["teff"].mean() == pytest.approx(points["teff"].mean(), abs=20)


def test_teff_and_metallicity_follow_the_reference():
    made = made_set()
    assert len(made) == 5000 and made["teff"].between(3000, 4000).all() and made["logg"].between(4.5, 5.5).all()
    assert made["teff"].mean() == pytest.approx(3500, abs=15) and made["teff"].std() == pytest.approx(150, abs=15)
    assert made["m_h"].mean() == pytest.approx(-0.2, abs=0.03) and made["m_h"].std() == pytest.approx(0.2, abs=0.03)
    assert made.equals(made_set())


def test_the_shifted_set_is_hotter_by_the_shift():
    assert made_set("shifted")["teff"].mean() - made_set()["teff"].mean() == pytest.approx(SHIFT, abs=15)


def test_shuffled_gravities_go_with_no_temperature():
    own, shuffled = made_set(), made_set("shuffled")
    assert sorted(own["logg"]) == sorted(shuffled["logg"]) and own["teff"].equals(shuffled["teff"])
    assert abs(np.corrcoef(own["teff"], own["logg"])[0, 1]) > 0.8
    assert abs(np.corrcoef(shuffled["teff"], shuffled["logg"])[0, 1]) < 0.1


def test_alpha_is_tied_to_metallicity_by_the_means():
    m_h, alpha = alpha_tie(made_set())
    assert (np.diff(m_h) > 0).all() and np.interp(-0.5, m_h, alpha) == pytest.approx(0.2, abs=0.07)
    constant = pd.DataFrame({"m_h": [0.1] * 5, "alpha_m": [0.0] * 5})
    m_h, alpha = alpha_tie(constant)
    assert len(m_h) == 2 and (np.diff(m_h) > 0).all() and (alpha == 0).all()


def test_a_reference_that_the_grid_does_not_cover_is_refused():
    with pytest.raises(InputError, match=r"only \d+ % of the 3000 reference stars.*teff 4[0-9.]+ to .*theory grid"):
        made_set(reference=reference(teff=4400))
    with pytest.raises(InputError, match="the theory grid has teff from 4500 to 5000.*asks for 3000 to 4000"):
        made_set(grid_limits={**GRID, "teff": (4500.0, 5000.0)})


def test_no_reference_stars_and_no_isochrones_are_told():
    with pytest.raises(InputError, match="no reference stars.*external.apogee"):
        made_set(reference=reference(0))
    with pytest.raises(InputError, match="no isochrone has dwarfs.*figures.isochrones"):
        made_set(isochrones=made_isochrones()[:0])


def test_cells_without_stars_get_none():
    stars = pd.DataFrame({"teff": [3210.0] * 5, "logg": 5.0, "m_h": 0.05, "alpha_m": 0.0})
    asked = pd.DataFrame({"teff": [3210.0, 3310.0], "m_h": [0.05, 0.05]})
    found = follow(stars, asked, 10, (50, 0.1), 0.5, np.random.default_rng(1))
    assert (found["teff"] == 3210).all() and len(found) == 10
    with pytest.raises(InputError, match="only 50 %"):
        follow(stars, asked, 10, (50, 0.1), 0.6, np.random.default_rng(1))
