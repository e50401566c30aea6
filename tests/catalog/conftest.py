"""The tables that the stages leave, small."""

import numpy as np
import pandas as pd
import pytest
from made_catalog import keys


@pytest.fixture
def stages():
    """Of 7 candidates 4 stay, 1 leaves at SCM, 1 at DGCM, 1 is rejected at ingest; the plan has rejected 2 files."""
    v0 = pd.DataFrame({"spectrum_key": keys(7), "filename": [f"f{i}.fits" for i in range(7)]})
    v0["obsid"] = pd.array([10, 11, pd.NA, 13, 14, 15, 16], dtype="Int64")
    v0 = v0.assign(plate="56000-P", obsdate="2012-03-14", ra=10.0, dec=20.0, subclass="M3", lamost_class="dM")
    v0 = v0.assign(lamost_rv=5.0, **{f"snr{band}": 20.0 for band in "ugriz"}).assign(snru=[-9999.0] + [3.0] * 6)
    rejected = pd.DataFrame(
        {
            "spectrum_key": [keys(7)[6], keys(7)[0], "", "other"],
            "filename": ["f6.fits", "copy.fits", "broken.fits", "class.fits"],
            "obsid": pd.array([16, 10, pd.NA, 99], dtype="Int64"),
            "plate": ["56000-P", "56000-P", "", "x"],
            "role": ["candidate", "candidate", "candidate", "train"],
            "stage": ["ingest", "plan", "plan", "ingest"],
            "reason": "because",
        }
    )
    after_scm = v0[:6].assign(spt_class="M", spt_prob=0.9, wdm_class="M", wdm_prob=0.99)
    after_scm = after_scm.assign(candidate_reasons="", review_status="", label="M")
    after_scm.loc[4, ["spt_class", "candidate_reasons", "review_status", "label"]] = [
        "A",
        "spt;cmd",
        "provisional",
        "A",
    ]
    after_scm.loc[1, ["candidate_reasons", "review_status"]] = ["cmd", "reviewed"]
    non_m_v1 = after_scm[4:5].assign(reason="scm: spt;cmd (provisional)")
    v1 = after_scm.drop(index=4)
    after_dgcm = v1.assign(dmgm_class="dM", dmgm_prob=0.8, dgcm_reasons="", dgcm_status="", luminosity_class="dM")
    after_dgcm.loc[[2, 5], ["dgcm_reasons", "dgcm_status", "luminosity_class"]] = ["lamost;cnn", "provisional", "gM"]
    non_m_v2 = after_dgcm.loc[[5]].assign(label="S", reason="dgcm: lamost;cnn", review_status="provisional")
    v2 = after_dgcm.drop(index=5)
    v3 = v2.assign(rv=1.5, rv_err=[1.0, np.nan, 2.0, 3.0], rv_from="LAMOST", rv_review=["", "", "", "reviewed"])
    v3 = v3.assign(**{f"rv_paper{end}": v3[f"rv{end}"] for end in ("", "_err", "_from")})
    sky = pd.DataFrame({"spectrum_key": keys(7), "star_id": [str(i) for i in range(7)]})
    sky["source_id"] = pd.array([5853498713190525696, pd.NA, 3, 4, 5, 6, 7], dtype="Int64")
    photometry = pd.DataFrame({"spectrum_key": keys(7), "CMD_pos": ["dM", "", "gM", "dM", "other", "gM", ""]})
    photometry["CMD_flag"] = pd.array([1, pd.NA, 1, 1, 0, 1, pd.NA], dtype="Int8")
    photometry["ebv_flag"] = photometry["CMD_flag"]
    names = ("r_med_geo", "ebv", "bp_rp_0", "M_G_0", "W1_W2_0", "e_W1", "e_W2")
    photometry = photometry.assign(**{name: [0.1, np.nan, 0.3, 0.4, 0.5, 0.6, 0.7] for name in names})
    spectra = pd.DataFrame({"spectrum_key": keys(6)}).assign(**{f"orp_{band}": 0.01 for band in "ugriz"})
    spectra = spectra.assign(obsid=pd.array([0] * 6, dtype="Int64"), ra=0.0)
    parameters = pd.DataFrame({"spectrum_key": keys(4), "flag": pd.array([0, 1, 0, 2], dtype="Int64")})
    parameters = parameters.assign(
        **{name + end: 3.3 for name in ("teff", "logg", "m_h", "alpha_m") for end in ("", "_err")}
    )
    parameters = parameters.assign(**{f"{name}_calib_err": 4.4 for name in ("teff", "logg", "m_h", "alpha_m")})
    quality = pd.DataFrame({"spectrum_key": keys(4), "rv_flag": 1, "parameter_flag": [1, 0, 1, 0]})
    return {
        "v0": v0, "rejected": rejected, "v2": v2, "v3": v3, "non_m_v1": non_m_v1, "non_m_v2": non_m_v2, "gaia": sky,
        "photometry": photometry, "spectra": spectra, "parameters": parameters, "quality": quality,
    }  # fmt: skip
