import numpy as np
import pandas as pd

from mstars.literature.criteria import gaia_velocities, good_gaia_velocity, good_spectra


def spectra(**values):
    table = pd.DataFrame({"spectrum_key": list("abcd")})
    for band in "ugriz":
        table[f"snr_{band}"], table[f"orp_{band}"] = 30.0, 0.0
    return table.assign(**values)


def test_quality_criteria_of_section_4_2():
    assert good_spectra(spectra(snr_u=[0.1, 0.0, -9999, np.nan])).tolist() == [True, False, False, False]
    assert good_spectra(spectra(snr_i=[20.0, 20.1, 30, 30])).tolist() == [False, True, True, True]
    assert good_spectra(spectra(orp_z=[0.0, 0.0099, 0.01, 1])).tolist() == [True, True, False, False]


def test_gaia_velocities_need_small_errors_and_signal():
    gaia = pd.DataFrame(
        {
            "radial_velocity": [1.0, 1.0, 1.0, None],
            "radial_velocity_error": [1.9, 2.0, 1.0, 1.0],
            "rv_expected_sig_to_noise": [21.0, 30.0, None, 30.0],
        }
    )
    assert good_gaia_velocity(gaia).tolist() == [True, False, False, False]


def test_only_recommended_velocities_with_a_reliable_gaia_one_are_compared():
    catalog = spectra(rv=[1.0, 2.0, 3.0, 4.0], rv_flag=[1, 1, 0, 1], rv_paper_from=["LAMOST", "TM", "TM", "TM"])
    catalog["lamost_rv"] = 0.0  # as in the catalogue
    gaia = pd.DataFrame({"spectrum_key": list("abc"), "radial_velocity": 5.0})
    gaia = gaia.assign(radial_velocity_error=1.0, rv_expected_sig_to_noise=25.0)
    table = gaia_velocities(catalog, gaia, pd.DataFrame({"spectrum_key": list("ab"), "lamost_rv": [1.0, 300.0]}))
    assert table["spectrum_key"].tolist() == ["a", "b"] and table["updated"].tolist() == [False, True]
    assert table["lamost_rv"].tolist() == [1, 300] and table["good"].all() and not table["doubted"].any()
    queue = pd.DataFrame({"spectrum_key": list("ab"), "review_status": "provisional"})
    selection = pd.DataFrame({"spectrum_key": list("ab"), "lamost_rv": [1.0, 300.0]})
    assert gaia_velocities(catalog, gaia, selection, queue)["doubted"].tolist() == [True, False]
    looked = queue.assign(review_status="reviewed")
    assert not gaia_velocities(catalog, gaia, selection, looked)["doubted"].any()
