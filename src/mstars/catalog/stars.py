"""The catalogue with one row a star: its spectra combined."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS

_OF_BEST = ("ra", "dec", "source_id", "r_med_geo", "ebv", "ebv_flag", "bp_rp_0", "M_G_0", "CMD_flag", "CMD_pos")
VARIABLE_BELOW = 1e-3
"""A velocity is called variable where a constant one would scatter as much with less than this probability."""

BINARY_RUWE = 1.4
"""Usual upper limit of RUWE for a single star (Lindegren et al. 2018, technical note)."""

_WISE = ("W1_W2_0", "e_W1", "e_W2")

NEEDED = (
    *("star_id", "spectrum_key", "snr_i", "luminosity_class", "rv_flag", "parameter_flag", *_OF_BEST, *_WISE),
    *(f"{name}{what}" for name in ("rv", *LABELS) for what in ("", "_err")),
)
"""Columns of the recommended catalogue that `star_table` reads."""


def star_table(catalog: pd.DataFrame) -> pd.DataFrame:
    """Combine the spectra of each star.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue, at least its columns `NEEDED`.

    Returns
    -------
    pandas.DataFrame
        A row a star_id, sorted by it. Place and photometry are those of the best spectrum, the one of highest S/N_i.
        The class is that of most spectra. Velocities (of spectra with rv_flag 1) and parameters (parameter_flag 1) are
        means, see `combine`.
    """
    catalog = catalog.sort_values(["star_id", "snr_i", "spectrum_key"], ascending=[True, False, True], kind="stable")
    catalog = catalog.reset_index(drop=True)
    best = catalog.drop_duplicates("star_id").set_index("star_id")
    stars = best[[*_OF_BEST, *_WISE]].copy()
    stars["best_spectrum"], stars["best_snr_i"] = best["spectrum_key"], best["snr_i"]
    group = catalog.groupby("star_id", sort=True)
    stars["n_spectra"] = group.size()
    giants = (catalog["luminosity_class"] == "gM").groupby(catalog["star_id"], sort=True).mean()
    most = np.where(giants > 0.5, "gM", np.where(giants < 0.5, "dM", best["luminosity_class"]))
    stars["luminosity_class"] = most
    stars["class_agrees"] = (group["luminosity_class"].nunique() == 1).astype("int64")
    rv = combine(catalog[catalog["rv_flag"] == 1], "rv")
    stars = stars.join(rv.rename(columns={"n": "rv_n", "p": "rv_p"}))
    stars["rv_variable"] = _flag(stars["rv_p"] < VARIABLE_BELOW, stars["rv_p"].notna())
    good = catalog[catalog["parameter_flag"] == 1]
    for name in LABELS:
        means = combine(good, name)
        stars = stars.join(means.drop(columns=["n", "p"]))
        stars["parameter_n"] = means["n"]
    counts = stars[["rv_n", "parameter_n"]].fillna(0).astype("int64")
    return stars.assign(**counts).reset_index()


def likely_binary(ruwe: pd.Series) -> pd.Series:
    """Whether a single star fits Gaia's measurements badly.

    Parameters
    ----------
    ruwe : pandas.Series, [n]
        Gaia's renormalised unit weight error.

    Returns
    -------
    pandas.Series, Int8 [n]
        1 where RUWE is above `BINARY_RUWE`, 0 where it is not, null where it is not known.
    """
    known = ruwe.to_numpy(dtype=float, na_value=np.nan)
    return _flag(pd.Series(known > BINARY_RUWE, index=ruwe.index), ruwe.notna())


def _flag(yes: pd.Series, known: pd.Series) -> pd.Series:
    return yes.astype("int8").astype("Int8").where(known)


def combine(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Weighted mean of a quantity over the spectra of each star, with weights 1 / error^2.

    Where some spectra of a star have an error, the others are left out. Where none has, the mean is not weighted and
    has no error.

    Parameters
    ----------
    rows : pandas.DataFrame
        star_id, ``name`` and ``{name}_err``, in the unit of the quantity.
    name : str

    Returns
    -------
    pandas.DataFrame
        Indexed by star_id: ``{name}``, the mean; ``{name}_err``, its error, from the errors of the spectra;
        ``{name}_scatter``, the sample standard deviation; ``n``; ``p``, the probability of a chi2 at least as large for
        a constant quantity. Scatter and p need two spectra.
    """
    from scipy.special import chdtrc

    value = rows[name].to_numpy(dtype=float, na_value=np.nan)
    error = rows[f"{name}_err"].to_numpy(dtype=float, na_value=np.nan)
    table = pd.DataFrame({"star_id": rows["star_id"].to_numpy(), "x": value})[np.isfinite(value)]
    error = error[np.isfinite(value)]
    has_error = np.isfinite(error) & (error > 0)
    any_error = pd.Series(has_error, index=table.index).groupby(table["star_id"]).transform("any").to_numpy(dtype=bool)
    table["w"] = np.where(has_error, 1 / np.where(has_error, error, 1.0) ** 2, np.where(any_error, np.nan, 1.0))
    table, any_error = table[table["w"].notna()], any_error[table["w"].notna()]
    table["wx"] = table["w"] * table["x"]
    group = table.groupby("star_id", sort=True)
    total = group["w"].sum()
    mean = group["wx"].sum() / total
    chi = (table["w"] * (table["x"] - mean.reindex(table["star_id"]).to_numpy()) ** 2).groupby(table["star_id"]).sum()
    known = pd.Series(any_error, index=table["star_id"]).groupby(level=0).first().reindex(mean.index).astype(bool)
    n = group.size()
    return pd.DataFrame(
        {
            name: mean,
            f"{name}_err": (1 / np.sqrt(total)).where(known),
            f"{name}_scatter": group["x"].std(ddof=1),
            "n": n,
            "p": pd.Series(chdtrc(np.maximum(n - 1, 1), chi), index=mean.index).where(known & (n > 1)),
        }
    )
