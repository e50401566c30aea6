"""Which spectra go into the panels of Figures 23 to 25."""

from __future__ import annotations

import pandas as pd

from mstars.figures.style import PARAMETERS

COLOURS = {
    "bp_rp_0": ("bp_rp", r"$(G_{\rm BP} - G_{\rm RP})_0$ (mag)"),
    "W1_W2_0": ("w1_w2", r"$(W1 - W2)_0$ (mag)"),
}
"""Column of the catalogue: the name among the isochrones and the label of the axis."""


def parameter_panels(catalog: pd.DataFrame, apogee: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The same spectra with APOGEE's parameters, and all recommended ones with this work's.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue; rows with parameter_flag 1 are used.
    apogee : pandas.DataFrame
        The crossmatch: spectrum_key, TEFF, LOGG, M_H, ALPHA_M (null or -9999: none).
    """
    recommended = catalog[catalog["parameter_flag"] == 1]
    names = {name.upper(): name for name in PARAMETERS}
    theirs = apogee[["spectrum_key", *names]].rename(columns=names)
    theirs[list(PARAMETERS)] = theirs[list(PARAMETERS)].astype(float).where(lambda values: values > -9000)
    other = recommended.drop(columns=list(PARAMETERS)).merge(theirs, on="spectrum_key", how="inner")
    return {"APOGEE": other[other["teff"].notna()], "This work": recommended}


def colour_sample(catalog: pd.DataFrame, colour: str, wise_error_max: float) -> pd.DataFrame:
    """Dwarfs whose colour can be trusted: CMD_flag = 1 for Gaia's, small W1 and W2 errors for WISE's (section 4.3)."""
    dwarfs = catalog[catalog["luminosity_class"] == "dM"]
    if colour == "bp_rp_0":
        return dwarfs[dwarfs["CMD_flag"] == 1]
    return dwarfs[(dwarfs["e_W1"] < wise_error_max) & (dwarfs["e_W2"] < wise_error_max)]
