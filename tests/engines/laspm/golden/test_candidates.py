"""Candidates from a survey's tables: every spectrum has labels or a reason."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.candidates import golden_labels, read_source_ids
from mstars.engines.laspm.golden.labels import LABELS
from mstars.engines.laspm.golden.settings import Golden
from mstars.sky.gaia_criteria import usual_excess

SETTINGS = Golden().model_dump()
N = 400


def survey():
    draws = np.random.default_rng(1)
    keys, colour = [f"k{number:04d}" for number in range(N)], draws.uniform(1.8, 3.2, N)
    truth = pd.DataFrame({"teff": draws.uniform(3200, 3900, N), "logg": 4.8, "m_h": draws.normal(-0.1, 0.2, N)})
    m_catalog = pd.DataFrame(
        {"spectrum_key": keys, "obsid": np.arange(N), "ra": 1.0, "dec": 2.0, "rv": 5.0, "snri": 60.0}
    )
    m_catalog["luminosity_class"] = np.where(np.arange(N) < 350, "dM", "gM")
    photometry = pd.DataFrame(
        {"spectrum_key": keys, "r_med_geo": 200.0, "bp_rp_0": colour, "M_G_0": 2.5 * colour + 3.3}
    )
    stars = pd.DataFrame({"spectrum_key": keys, "star_id": keys, "source_id": np.arange(N) + 10**6, "ruwe": 1.0})
    stars = stars.assign(bp_rp=colour, phot_g_mean_mag=14.0, phot_bp_rp_excess_factor=usual_excess(colour))
    stars = stars.assign(phot_variable_flag="NOT_AVAILABLE", non_single_star=0)
    for letter in ("g", "bp", "rp"):
        stars[f"phot_{letter}_mean_flux_over_error"] = 300.0
    apogee = pd.DataFrame(
        {"spectrum_key": keys, "apogee_id": keys, "SNR": 100.0, "ASPCAPFLAG": 0, "ASPCAP_CLASS": "Md_a"}
    )
    for column, label, error in (("TEFF", "teff", 60.0), ("LOGG", "logg", 0.04), ("M_H", "m_h", 0.01)):
        apogee[column], apogee[f"{column}_ERR"] = truth[label], error
    apogee["ALPHA_M"], apogee["ALPHA_M_ERR"] = 0.0, 0.01
    spectra = pd.DataFrame({"spectrum_key": keys, "batch": "b1", "row": np.arange(N)})

    def catalogue(offset):
        values = truth + offset + draws.normal(0, 1, (N, 3)) * [30, 0.05, 0.05]
        return pd.DataFrame({"spectrum_key": keys, **{f"{label}_catalog": values[label] for label in LABELS}})

    catalogues = {"starhorse": catalogue([-90, 0, 0]), "ding2022": catalogue([-230, 0, -0.1])}
    return m_catalog, photometry, stars, apogee, spectra, catalogues


def test_every_spectrum_has_labels_or_a_reason():
    found = golden_labels(*survey(), SETTINGS, binaries=[10**6 + 7])
    assert found.table["spectrum_key"].tolist() == [f"k{number:04d}" for number in range(N)]
    chosen = found.table["source"] != ""
    assert ((found.table["reason"] == "") == chosen).all() and chosen[:350].mean() > 0.8
    assert found.table.loc[7, "reason"] == "in a list of binaries"
    assert found.table.loc[chosen, list(LABELS)].notna().all(axis=None) and set(found.bands) == {"dM", "gM"}
    offset = found.offsets.set_index(["luminosity_class", "source", "label"]).loc[("dM", "ding2022", "teff")]
    assert abs(offset["mean"] + 140) < 3 * offset["error"] + 1
    assert "dM: no catalogue aspcap_dr17" in found.warnings


def test_cuts_without_their_column_are_told():
    m_catalog, photometry, stars, *more = survey()
    stars = stars.assign(phot_bp_rp_excess_factor=np.nan, phot_variable_flag="")
    found = golden_labels(m_catalog, photometry, stars, *more, SETTINGS)
    told = [one for one in found.warnings if "external.gaia" in one]
    assert [one.split()[1] for one in told] == ["phot_bp_rp_excess_factor", "phot_variable_flag"]
    assert (found.table["source"] != "")[:350].mean() > 0.8


def test_without_catalogues_labels_are_those_of_the_survey_s_apogee_stars():
    *tables, _ = survey()
    found = golden_labels(*tables, {}, SETTINGS)
    chosen = found.table["source"] == "apogee"
    assert chosen[:350].mean() > 0.8 and len(found.differences) == 0
    assert any("none of the catalogues" in one for one in found.warnings)
    assert any("as they come" in one for one in found.warnings)


def test_precise_stars_come_in_without_a_place_in_the_diagram():
    *tables, catalogues = survey()
    tables[1].loc[3, "M_G_0"] = 20.0
    tables[3].loc[3, "TEFF_ERR"] = 5.0
    changed = SETTINGS | {"labels": SETTINGS["labels"] | {"dM": ("apogee",)}}
    found = golden_labels(*tables, catalogues, changed).table
    assert found.loc[3, "supplement"] and found.loc[3, "source"] == "apogee" and found["supplement"].sum() == 1


def test_source_ids_of_local_lists(tmp_path):
    path = tmp_path / "variables.csv"
    path.write_text("source_id\n4295806720\n\n38655544960\n")
    assert read_source_ids([path], "key") == {4295806720, 38655544960}
    assert read_source_ids([], "key") == set()
    with pytest.raises(InputError, match="source_id"):
        path.write_text("name\na\n")
        read_source_ids([path], "key")


def test_no_candidate_at_all_is_told_with_the_reasons():
    *tables, catalogues = survey()
    tables[0]["snri"] = 3.0
    with pytest.raises(InputError, match="golden sample: no candidate \\(400 S/N_i too low\\)"):
        golden_labels(*tables, catalogues, SETTINGS)
