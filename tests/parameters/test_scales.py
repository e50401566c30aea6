"""Maps between scales: planted offsets and slopes come back, no noise makes a slope, errors are honest."""

import numpy as np
import pytest

from mstars.parameters.scales import LEAST, MIDDLE, ScaleMap, fit_scale, to_scale

N = 4000


def stars(seed=1, own=(60.0, 0.12), other=(40.0, 0.07), slope=(0.0, 0.0)):
    """Teff and [M/H] on two scales; the other is 90 K lower, and [M/H] 0.15 dex higher."""
    rng = np.random.default_rng(seed)
    teff, m_h = rng.uniform(3100, 4000, N), rng.normal(-0.15, 0.22, N)
    ours = {"teff": teff + rng.normal(0, own[0], N), "m_h": m_h + rng.normal(0, own[1], N)}
    theirs = {
        "teff": teff - 90 + slope[0] * (teff - MIDDLE["teff"]) / 1000 + rng.normal(0, other[0], N),
        "m_h": m_h + 0.15 + slope[1] * (m_h - MIDDLE["m_h"]) + rng.normal(0, other[1], N),
    }
    errors = {"teff": np.full(N, own[0]), "m_h": np.full(N, own[1])}
    return ours, theirs, errors


@pytest.mark.parametrize("own, other", [((60.0, 0.12), (40.0, 0.07)), ((20.0, 0.03), (90.0, 0.2))])
@pytest.mark.parametrize("slope", [(0.0, 0.0), (60.0, -0.2)])
def test_planted_offsets_and_slopes_come_back(own, other, slope):
    ours, theirs, errors = stars(own=own, other=other, slope=slope)
    found = fit_scale(ours, theirs, errors)
    at = {"teff": np.array([3600.0, 3200.0, 4000.0, 3600.0]), "m_h": np.array([-0.1, -0.1, -0.1, -0.6])}
    values, sigma = to_scale(found, at, {label: np.zeros(4) for label in at})
    off_teff = -90 + slope[0] * np.array([0, -0.4, 0.4, 0])
    off_m_h = 0.15 + slope[1] * np.array([0, 0, 0, -0.5])
    assert (np.abs(values["teff"] - at["teff"] - off_teff) < np.maximum(4 * sigma["teff"], 2)).all()
    assert (np.abs(values["m_h"] - at["m_h"] - off_m_h) < np.maximum(4 * sigma["m_h"], 0.004)).all()


def test_outliers_do_not_move_a_map():
    ours, theirs, errors = stars()
    theirs["teff"][:200] += 2000
    assert abs(fit_scale(ours, theirs, errors).maps["teff"].coefficients[0] + 90) < 8


def test_a_map_takes_values_to_the_other_scale_with_its_error():
    ours, theirs, errors = stars(slope=(60.0, -0.2))
    found = fit_scale(ours, theirs, errors)
    values, sigmas = to_scale(found, ours, errors)
    again, _ = to_scale(ScaleMap.from_dict(found.as_dict()), ours, errors)
    for label in ours:
        assert abs(np.median(values[label] - theirs[label])) < 0.1 * np.std(theirs[label] - ours[label])
        slope = np.polyfit(theirs[label], values[label] - theirs[label], 1)[0]
        before = np.polyfit(theirs[label], ours[label] - theirs[label], 1)[0]
        assert abs(slope) < 0.35 and np.isfinite(before)
        assert (sigmas[label] > 0.7 * errors[label]).all() and (sigmas[label] < 1.5 * errors[label]).all()
        np.testing.assert_array_equal(again[label], values[label])
    shown, _ = to_scale(found, {"teff": np.array([3600.0]), "m_h": np.array([-0.1])}, {"teff": [0.0], "m_h": [0.0]})
    assert abs(shown["teff"][0] - 3510) < 6 and abs(shown["m_h"][0] - 0.05) < 0.02


def test_the_error_of_a_map_grows_where_it_has_few_stars():
    ours, theirs, errors = stars()
    few = {label: np.where(np.arange(N) < 60, values, np.nan) for label, values in theirs.items()}
    none = {label: np.zeros(N) for label in errors}
    wide = to_scale(fit_scale(ours, few, errors), ours, none)[1]["teff"]
    narrow = to_scale(fit_scale(ours, theirs, errors), ours, none)[1]["teff"]
    assert np.median(wide / narrow) == pytest.approx(np.sqrt(N / 60), rel=0.5) and (narrow > 0).all()


def test_too_few_common_stars_give_no_map():
    ours, theirs, errors = stars()
    few = {label: np.where(np.arange(N) < LEAST - 1, values, np.nan) for label, values in theirs.items()}
    assert fit_scale(ours, few, errors).maps == {}
    assert list(fit_scale(ours, theirs | {"teff": few["teff"]}, errors).maps) == ["m_h"]


def test_a_label_that_an_engine_lacks_is_no_axis():
    ours, theirs, errors = stars()
    found = fit_scale({"teff": ours["teff"]}, theirs, errors)
    assert list(found.maps) == ["teff"] and found.maps["teff"].axes == ("teff",)
    values, _ = to_scale(found, {"teff": ours["teff"]}, errors)
    assert list(values) == ["teff"]
