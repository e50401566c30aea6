"""The diagnostic numbers and their picture."""

import numpy as np
from made_stars import KINDS, REST, TEMPLATES, observe, plain_match

from mstars.paper.figures.diagnosis import draw_diagnosis
from mstars.velocity.diagnose import diagnose
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank


def test_model_and_curve_belong_to_the_measurement(tmp_path):
    bank = make_bank(REST, TEMPLATES, [f"t{k}" for k in range(len(KINDS))])
    spectra = observe(2, 31)[0]
    row = match_templates(spectra, bank, plain_match()).iloc[0]
    found = diagnose(spectra.select([0]), bank, row.tm_template, row.rv_tm, plain_match())
    assert abs(found.grid[np.argmin(found.chi2)] - row.rv_tm) <= 5.01
    good = np.isfinite(found.flux)
    assert np.nanmean((found.flux - found.model)[good] ** 2) <= found.chi2.min() * (1 + 1e-6)
    figure = draw_diagnosis(found, {"rv_tm": row.rv_tm, "lamost_rv": np.nan, "rv_dsal1": 3.0}, "a $title")
    figure.savefig(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").stat().st_size > 10_000


def test_a_spectrum_without_velocity_still_has_a_picture(tmp_path):
    bank = make_bank(REST, TEMPLATES, [f"t{k}" for k in range(len(KINDS))])
    spectra = observe(1, 32)[0]
    spectra.ormask[:] = 1
    found = diagnose(spectra, bank, "", np.nan)
    assert np.isnan(found.model).all() and np.isnan(found.chi2).all()
    draw_diagnosis(found, {}, "nothing").savefig(tmp_path / "picture.png")
