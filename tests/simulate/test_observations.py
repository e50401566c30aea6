"""The plan of a simulated survey."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.constants import C_KMS
from mstars.simulate.observations import RV_FAILURES, ZERO_POINT_KMS, draw_survey
from mstars.templates.library import LIBRARY_GRID


def test_the_demo_plants_what_it_promises():
    plan = draw_survey("demo", 1)
    candidates = plan[plan["role"] == "candidate"]
    real = candidates[candidates["true_class"].isin(["dM", "gM"])]
    assert len(real) >= 3000 and 0.15 < (real["true_class"] == "gM").mean() < 0.25
    planted = candidates[candidates["planted_class"]]["true_class"].value_counts()
    assert set(planted.index) == {
        *("A", "B", "F", "G", "WD", "S", "spectral_binary", "em_star", "galaxy", "qso", "unknown"),
    }
    assert planted.min() >= 40
    assert not candidates.loc[candidates["true_class"] == "K", "planted_class"].any()
    assert candidates["planted_dmgm"].sum() >= 60
    for failure in RV_FAILURES:
        assert (candidates["planted_rv"] == failure).sum() >= 40
    assert plan.loc[plan["role"] == "train", "true_class"].value_counts().min() >= 300
    assert plan["plate"].nunique() == 4 and (plan["obsdate"] < "2012-01-14").any()
    assert plan["spectrum_key"].is_unique and plan["obsid"].is_unique
    assert real["star"].duplicated().sum() >= 200


def test_catalogue_velocities(plan):
    """7 km/s with tails about a -5 km/s zero point, but for the planted ones, which are off by 50 to 1000."""
    good = plan[(plan["planted_rv"] == "") & plan["kind"].isin(["dM", "gM"])]
    offset = good["lamost_rv"] - good["rv"]
    assert offset.median() == pytest.approx(ZERO_POINT_KMS, abs=1.5)
    assert 4 < 1.4826 * (offset - offset.median()).abs().median() < 10
    bad = plan[plan["planted_rv"] != ""]
    assert ((bad["rv_jump"].abs() > 49) & (bad["rv_jump"].abs() < 1001)).all()


def test_double_lined_dwarfs_keep_the_mean_velocity_of_their_light(maker):
    plan = draw_survey("demo", 1)
    doubles = plan[plan["companion_kms"] != 0]
    assert 10 < len(doubles) < 60 and (doubles["kind"] == "dM").all() and (doubles["planted_rv"] == "").all()
    rows = doubles.head(4).assign(companion_kms=200.0, companion_share=0.5, active=False)
    rows["companion_teff"] = rows["teff"]
    single = maker.make("dM", rows.assign(companion_kms=0.0), np.random.default_rng(1))
    double = maker.make("dM", rows, np.random.default_rng(1))
    red = (LIBRARY_GRID > 6500) & (LIBRARY_GRID < 8800)
    for one, two in zip(single, double, strict=True):
        expected = 0.5 * sum(np.interp(LIBRARY_GRID * (1 + v / C_KMS), LIBRARY_GRID, one) for v in (-100, 100))
        assert np.abs(two[red] / expected[red] - 1).max() < 0.01
        assert np.abs(two[red] / one[red] - 1).max() > 0.02


def test_same_seed_same_stars(plan):
    pd.testing.assert_frame_equal(plan, draw_survey("ci", 3))
    assert not np.allclose(plan["teff"].head(50), draw_survey("ci", 4)["teff"].head(50), equal_nan=True)


def test_training_stars_are_those_of_their_catalogues():
    train = draw_survey("networks", 3)
    train = train[train["role"] == "train"]
    for name, span in (("A", (7420, 9700)), ("F", (6100, 7060)), ("G", (4360, 5945)), ("K", (4120, 4665))):
        rows = train[train["kind"] == name]
        assert rows["teff"].between(*span).all()
        # LAMOST's catalogue of A to K stars has none below an S/N of 6 in g
        assert rows["snri_aim"].min() >= {"G": 12, "K": 18}.get(name, 10)
    giants = train[train["logg"] < 3.4]
    assert giants[giants["kind"] == "G"]["teff"].min() > giants[giants["kind"] == "K"]["teff"].max()
    assert train[train["kind"] == "GALAXY"]["snri_aim"].min() < 6
