"""Lines: the paper's lists, and the wavelengths that modules share."""

import numpy as np
import pytest

from mstars.core.lines import CHROMOSPHERIC, VACUUM_LINES, quasar_lines, sky_lines, velocity_line_set, velocity_lines
from mstars.paper.redshift import REDSHIFT_LINES
from mstars.spectra.features import features_of, luminosity_features


def test_the_paper_has_eight_lines_of_each_set():
    assert velocity_lines().groupby("set").size().to_dict() == {"absorption": 8, "emission": 8}
    names, wavelengths = velocity_line_set("absorption")
    assert names[0] == "K I" and wavelengths[0] == 7667.0089 and len(names) == 8


@pytest.mark.parametrize(
    ("name", "paper"),
    [("H alpha", 6564.6), ("[N II] 6550", 6549.86), ("[N II] 6585", 6585.27), ("Ca II 8500", 8500.36)],
)
def test_shared_wavelengths_are_those_of_the_paper_to_a_twentieth_of_an_angstrom(name, paper):
    assert VACUUM_LINES[name] == pytest.approx(paper, abs=0.05)


def test_balmer_lines_follow_rydberg():
    names = ("H alpha", "H beta", "H gamma", "H delta")
    rydberg = [3647.05 / (1 - 4 / n**2) for n in (3, 4, 5, 6)]
    np.testing.assert_allclose([VACUUM_LINES[name] for name in names], rydberg, atol=0.1)
    assert set(CHROMOSPHERIC) <= set(VACUUM_LINES)


def test_a_name_in_a_figure_has_the_wavelength_of_the_list():
    galaxy, quasar = (
        dict((line[0], line[1]) for line in REDSHIFT_LINES["galaxy"]),
        {line[0]: line[1] for line in REDSHIFT_LINES["qso"]},
    )
    assert galaxy["[O III]"] == VACUUM_LINES["[O III] 5008"] and len(REDSHIFT_LINES["galaxy"]) == 13
    assert (
        quasar["Mg II"] == quasar_lines().set_index("name").loc["MgII", "wavelength"]
        and len(REDSHIFT_LINES["qso"]) == 8
    )


def test_features_are_given_in_vacuum():
    table = luminosity_features()
    np.testing.assert_allclose(table["lower"] - table["lower_air"], 1.9, atol=0.6)
    (place, name), *_ = features_of("K")
    assert name and place > 3000
    assert sky_lines("sky")[0].min() < 5577.3 < sky_lines("sky")[0].max() and len(sky_lines("lamp")[0]) > 5
