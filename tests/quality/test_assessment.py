"""The quality of a catalogue: every row, in order."""

import numpy as np
import pandas as pd
from made_errors import sample

from mstars.engines.cnn.info import INFO
from mstars.quality.assessment import Measured, assess_parameters, quality_table
from mstars.quality.ranges import TABLE_10


def assess(catalog, parameters, photometry, apogee, settings, spectra=None):
    """Both steps of the quality stage, for the engine cnn."""
    measured = Measured(INFO.labels, INFO.ranges, INFO.clearing(), with_errors=True)
    if spectra is None:
        spectra = catalog[["spectrum_key"]].assign(frame="heliocentric", missing_arm="")
    tables = (catalog, parameters, photometry, apogee, spectra)
    flags, summary = assess_parameters(*tables, measured=measured, settings=settings)
    return quality_table(catalog, flags, spectra, settings["rv_cut"]), summary["fits"], summary["ranges"]


def test_assess_keeps_every_row_in_order():
    table = sample(900)
    catalog = table[["spectrum_key", "luminosity_class"]].assign(obsdate="2013-01-01", rv=5.0)
    catalog = catalog.assign(snri=table["snr_i"], snru=1.0, snrg=1.0, snrr=1.0, snrz=1.0).iloc[::-1]
    parameters = table.drop(columns=["luminosity_class", "snr_i"]).assign(flag=32)[:890]
    parameters.loc[0, "flag"] = 8
    photometry = table[["spectrum_key"]].assign(CMD_pos=table["luminosity_class"])
    apogee = table[["spectrum_key"]].assign(ASPCAP_CLASS=np.where(table["luminosity_class"] == "dM", "Md_a", "GKg_a"))
    settings = {"rv_cut": "2012-01-14", "sigma": 3, "min_rows": 30, "ranges": "recomputed", "range_min_members": 5}
    spectra = table[["spectrum_key"]].assign(frame="heliocentric", missing_arm="")
    spectra.loc[1:3, "missing_arm"] = ["blue", "red", "blue;red"]
    spectra.loc[4:5, "frame"] = ["topocentric", "corrected"]
    result, fits, ranges = assess(catalog, parameters, photometry, apogee, settings, spectra)
    assert result["spectrum_key"].tolist() == catalog["spectrum_key"].tolist()
    indexed = result.set_index("spectrum_key")
    assert indexed.loc["k00000", "parameter_reasons"].startswith("simulation_trained")
    assert indexed.loc["k00895", "parameter_reasons"] == "no_parameters"
    assert ranges["used"] == ranges["recomputed"] and ranges["members"]["dM"] > 300
    reasons = indexed.loc[["k00001", "k00002", "k00003"], "parameter_reasons"].str.split(";")
    assert reasons.iloc[2][:2] == ["no_blue_arm", "no_red_arm"]
    assert reasons.iloc[0][0] == "no_blue_arm" and reasons.iloc[1][0] == "no_red_arm"
    assert set(fits) == {"dM", "gM"}
    # wavelengths that are not heliocentric give no velocity to recommend
    assert set(indexed.index[indexed["rv_flag"] == 0]) == {"k00004", "k00005"}


def test_a_survey_without_external_catalogues_or_giants_is_assessed():
    table = sample(300)
    table = table[table["luminosity_class"] == "dM"].reset_index(drop=True)
    catalog = table[["spectrum_key", "luminosity_class"]].assign(obsdate="2013-01-01", rv=np.nan, snri=table["snr_i"])
    catalog = catalog.assign(snru=-9999.0, snrg=1.0, snrr=np.nan, snrz=1.0)
    parameters = table.drop(columns=["luminosity_class", "snr_i"]).assign(flag=9)
    nothing = pd.DataFrame({"spectrum_key": table["spectrum_key"], "CMD_pos": None, "ASPCAP_CLASS": None})
    settings = {"rv_cut": "2012-01-14", "sigma": 3, "min_rows": 30, "ranges": "table_10", "range_min_members": 5}
    result, fits, ranges = assess(
        catalog,
        parameters,
        nothing[["spectrum_key", "CMD_pos"]],
        nothing[["spectrum_key", "ASPCAP_CLASS"]],
        settings=settings,
    )
    assert (result["rv_flag"] == 0).all() and (result["parameter_flag"] == 0).all()
    assert result["parameter_reasons"].str.startswith("no_rv;simulation_trained").all()
    assert ranges["members"] == {"dM": 0, "gM": 0} and ranges["recomputed"]["dM"] == TABLE_10["dM"] and fits["gM"] == {}


def test_an_engine_is_judged_by_its_own_labels_ranges_errors_and_arms():
    table = sample(600)
    catalog = table[["spectrum_key", "luminosity_class"]].assign(snri=table["snr_i"])
    catalog = catalog.assign(snru=1.0, snrg=1.0, snrr=1.0, snrz=1.0)
    parameters = table[["spectrum_key", "teff", "m_h"]].assign(teff_err=np.nan, m_h_err=np.nan, flag=0)
    parameters.loc[1, "flag"], parameters.loc[2, "teff"], parameters.loc[3, "flag"] = 1 << 16, np.nan, 1 << 17
    parameters.loc[4, "teff"] = 9000.0
    spectra = table[["spectrum_key"]].assign(missing_arm="blue")
    spectra.loc[0, "missing_arm"] = "red"
    nothing = table[["spectrum_key"]].assign(CMD_pos=None, ASPCAP_CLASS=None)
    ranges = {"dM": {"teff": (2000, 5000), "m_h": (-2, 1)}, "gM": {"teff": (2000, 5000), "m_h": (-2, 1)}}
    measured = Measured(("teff", "m_h"), ranges, {"odd": 1 << 16}, with_errors=False, arms=("red",))
    settings = {"sigma": 3, "min_rows": 30, "ranges": "table_10", "range_min_members": 5}
    flags, summary = assess_parameters(
        catalog, parameters, nothing.drop(columns="ASPCAP_CLASS"), nothing.drop(columns="CMD_pos"), spectra,
        measured=measured, settings=settings,
    )  # fmt: skip
    assert flags["parameter_reasons"][:5].tolist() == ["no_red_arm", "odd", "no_parameters", "", "range_teff"]
    assert (flags["parameter_flag"][5:] == 1).all()
    assert summary["fits"] == {} and summary["ranges"]["used"] == summary["ranges"]["published"] == ranges
