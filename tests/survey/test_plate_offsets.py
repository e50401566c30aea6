"""Plates and spectrographs that are off."""

import pytest
from made_survey import plate_rows

from mstars.survey.plate_offsets import group_medians, residuals


def test_a_plate_and_a_spectrograph_that_are_off_are_found():
    table = residuals(*plate_rows())
    plates, spectrographs = group_medians(table, "plate"), group_medians(table, "spectrograph")
    assert plates["plate"].tolist() == ["57000-P-B0", "57001-P-B1", "57002-P-B2"]
    teff = plates["teff"]
    assert teff[0] - (teff[1] + teff[2]) / 2 == pytest.approx(60, abs=6) and (plates["teff_err"] < 3).all()
    assert spectrographs["rv"][0] - spectrographs["rv"][1] == pytest.approx(8, abs=1)
    assert (plates["m_h_n"] == 300).all()
