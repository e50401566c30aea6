"""Other surveys' catalogues of the simulated stars: Gaia DR3, Bailer-Jones's distances, AllWISE, APOGEE DR16."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.flags import AspcapFlag
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.missing import MISSING
from mstars.simulate.headers import designation
from mstars.simulate.population import R_BP, R_G, R_RP, R_W1, R_W2, colour, source_ids
from mstars.sky.gaia_criteria import excess_sigma, usual_excess


def _stars(plan: pd.DataFrame) -> pd.DataFrame:
    return plan.drop_duplicates("star").sort_values("star", ignore_index=True)


def gaia_table(plan: pd.DataFrame, rng) -> pd.DataFrame:
    """Gaia DR3 sources of the stars (3 % missing) and a faint neighbour of some within 3 arcsec.

    Parameters
    ----------
    plan : pandas.DataFrame
        Of `mstars.simulate.observations.draw_survey`.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        Gaia's columns, epoch 2016.0, and ``star`` (-1: a neighbour), sorted by source_id.
    """
    stars = _stars(plan)
    stars = stars[rng.random(len(stars)) > 0.03].reset_index(drop=True)
    n = len(stars)
    outside = stars["distance"].isna().to_numpy()
    extinction = stars["ebv"].to_numpy()
    g = stars["g_mag"].to_numpy() + rng.normal(0, 0.003, n)
    reddened = np.where(outside, 0.0, (R_BP - R_RP) * extinction)
    bp_rp = stars["bp_rp"].to_numpy() + reddened + rng.normal(0, 0.004 * 10 ** (0.2 * np.maximum(g - 15, 0)), n)
    error = np.interp(g, [9, 13, 15, 17, 18, 20], [0.02, 0.02, 0.03, 0.08, 0.14, 0.5]) * np.exp(rng.normal(0, 0.1, n))
    binary = rng.random(n) < 0.07
    ruwe = np.where(binary, rng.uniform(1.4, 6, n), rng.normal(1.03, 0.06, n))
    parallax = np.where(outside, 0.0, 1000.0 / np.where(outside, 1.0, stars["distance"])) + rng.normal(
        0, 1, n
    ) * error * np.where(binary, 2.0, 1.0)
    flux_snr = 2500 * 10 ** (-0.2 * (g - 13))
    bright = (
        (g < 14.5) & ~outside & (rng.random(n) < 0.85) & stars["kind"].isin(["dM", "gM", "late_K", "K", "G", "F", "A"])
    )
    rv_error = np.where(stars["kind"] == "gM", 0.3, 1.5) * 10 ** (0.2 * np.maximum(g - 11, 0)) * 0.4 + 0.15
    table = pd.DataFrame(
        {
            "star": stars["star"],
            "source_id": source_ids(stars["star"]),
            "ra": stars["ra"],
            "dec": stars["dec"],
            "ref_epoch": 2016.0,
            "parallax": parallax,
            "parallax_error": error,
            "parallax_over_error": parallax / error,
            "pmra": stars["pmra"] + rng.normal(0, 1, n) * error,
            "pmdec": stars["pmdec"] + rng.normal(0, 1, n) * error,
            "phot_g_mean_mag": g,
            "phot_bp_mean_mag": g + bp_rp * 0.62 + 0.02,
            "phot_rp_mean_mag": g - bp_rp * 0.38 + 0.02,
            "phot_g_mean_flux_over_error": flux_snr,
            "phot_bp_mean_flux_over_error": flux_snr * 10 ** (-0.2 * (0.62 * bp_rp)) * 0.12,
            "phot_rp_mean_flux_over_error": flux_snr * 10 ** (0.2 * (0.38 * bp_rp)) * 0.2,
            "bp_rp": bp_rp,
            "ruwe": ruwe,
            "radial_velocity": np.where(bright, stars["rv"] + rng.normal(0, 1, n) * rv_error, np.nan),
            "radial_velocity_error": np.where(bright, rv_error, np.nan),
            "rv_expected_sig_to_noise": np.where(bright, 30 * 10 ** (-0.2 * (g - 12)), np.nan),
        }
    )
    return pd.concat([table, _neighbours(table, rng)]).sort_values("source_id", ignore_index=True)


def with_quality(gaia: pd.DataFrame, rng) -> pd.DataFrame:
    """Gaia's excess factor (3 % of the sources are blends), variability flag (4 %) and mark of binaries.

    Parameters
    ----------
    gaia : pandas.DataFrame
        Of `gaia_table`.
    rng : numpy.random.Generator
    """
    n, binary = len(gaia), gaia["ruwe"].to_numpy() > 1.4
    excess = usual_excess(gaia["bp_rp"]) + rng.normal(0, 1, n) * excess_sigma(gaia["phot_g_mean_mag"])
    blend = rng.random(n) < 0.03
    return gaia.assign(
        phot_bp_rp_excess_factor=np.where(blend, excess + rng.uniform(0.2, 0.8, n), excess),
        phot_variable_flag=np.where(rng.random(n) < 0.04, "VARIABLE", "NOT_AVAILABLE"),
        non_single_star=np.where(binary & (rng.random(n) < 0.3), rng.integers(1, 8, n), 0),
    )


def _neighbours(table: pd.DataFrame, rng) -> pd.DataFrame:
    """Faint sources within 3 arcsec of 3 % of the stars."""
    near = table[rng.random(len(table)) < 0.03].copy()
    m = len(near)
    angle, apart = rng.uniform(0, 2 * np.pi, m), rng.uniform(0.8, 3.2, m) / 3600
    near["ra"] += apart * np.cos(angle) / np.cos(np.radians(near["dec"]))
    near["dec"] += apart * np.sin(angle)
    near["source_id"] += 1
    near["star"] = -1
    fainter = rng.uniform(0.5, 4.0, m)
    for name in ("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag"):
        near[name] += fainter
    near["parallax"] = rng.exponential(0.5, m)
    near["parallax_error"] *= 3
    near["parallax_over_error"] = near["parallax"] / near["parallax_error"]
    near[["pmra", "pmdec"]] = rng.normal(0, 3, (m, 2))
    near[["radial_velocity", "radial_velocity_error", "rv_expected_sig_to_noise"]] = np.nan
    return near


def distance_table(plan: pd.DataFrame, gaia: pd.DataFrame, rng) -> pd.DataFrame:
    """Bailer-Jones's geometric distances: the parallax's where it is good, drawn to the prior where it is not.

    Parameters
    ----------
    plan, rng
        As for `gaia_table`.
    gaia : pandas.DataFrame
        Of `gaia_table`.

    Returns
    -------
    pandas.DataFrame
        source_id, r_med_geo, r_lo_geo, r_hi_geo (pc).
    """
    prior = 1500.0
    error = gaia["parallax_error"].to_numpy() / 1000
    inverse = np.maximum(gaia["parallax"].to_numpy() / 1000, 0)
    weight = 1 / (1 + (error * prior / 1.2) ** 2)
    truth = gaia["star"].map(_stars(plan).set_index("star")["distance"]).to_numpy()
    from_parallax = 1 / np.maximum(inverse, 1 / 12000)
    middle = np.where(
        inverse > 3 * error, from_parallax, weight * np.nan_to_num(truth, nan=prior) + (1 - weight) * prior
    )
    spread = np.clip(middle * error, 0.002, 0.45) * middle
    return pd.DataFrame(
        {
            "source_id": gaia["source_id"],
            "r_med_geo": middle,
            "r_lo_geo": np.maximum(middle - spread, 1.0),
            "r_hi_geo": middle + 1.15 * spread,
        }
    )


def allwise_table(plan: pd.DataFrame, rng) -> pd.DataFrame:
    """AllWISE sources of 92 % of the stars.

    Parameters
    ----------
    plan, rng
        As for `gaia_table`.

    Returns
    -------
    pandas.DataFrame
        AllWISE's columns, positions of epoch 2010.5.
    """
    stars = _stars(plan)
    stars = stars[rng.random(len(stars)) < 0.92].reset_index(drop=True)
    n = len(stars)
    giant = stars["kind"].isin(["gM", "S"]).to_numpy()
    teff = stars["teff"].fillna(6000).to_numpy()
    offset = np.where(giant, colour("giant", "g_w1", teff), colour("dwarf", "g_w1", teff))
    offset = np.where(stars["distance"].isna(), 2.5, offset)
    w12 = np.where(giant, colour("giant", "w1_w2", teff), colour("dwarf", "w1_w2", teff))
    w12 = w12 + np.where(giant, 0.06, 0.08) * np.clip(stars["m_h"], -1, 0.5) * np.where(giant, -1, -1)
    w12 = np.where(stars["kind"].isin(["QSO", "qso"]), rng.normal(1.0, 0.2, n), w12)
    ebv = stars["ebv"].to_numpy()
    w1 = stars["g_mag"].to_numpy() - offset - (R_G - R_W1) * ebv
    w2 = w1 - w12 - (R_W1 - R_W2) * ebv
    error = np.hypot(0.022, 0.03 * 10 ** (0.4 * (w1 - 15.5)))
    years = -5.5
    return pd.DataFrame(
        {
            "designation": [
                designation(ra, dec).removeprefix("LAMOST ") for ra, dec in zip(stars["ra"], stars["dec"], strict=True)
            ],
            "ra": stars["ra"]
            + stars["pmra"] * years / 3.6e6 / np.cos(np.radians(stars["dec"]))
            + rng.normal(0, 0.06, n) / 3600,
            "dec": stars["dec"] + stars["pmdec"] * years / 3.6e6 + rng.normal(0, 0.06, n) / 3600,
            "w1mpro": w1 + rng.normal(0, 1, n) * error,
            "w1sigmpro": error,
            "w2mpro": np.where(rng.random(n) < 0.01, np.nan, w2 + rng.normal(0, 1, n) * error),
            "w2sigmpro": error,
        }
    )


APOGEE_ERRORS = {
    # class: Teff, log g, [M/H], [alpha/M] (ASPCAP DR16)
    "dM": (70.0, 0.08, 0.02, 0.02),
    "gM": (60.0, 0.06, 0.012, 0.01),
}


def apogee_table(plan: pd.DataFrame, rng) -> pd.DataFrame:
    """APOGEE DR16 allStar rows for about 40 % of the dwarfs and 70 % of the giants, some twice, some labels missing.

    Parameters
    ----------
    plan, rng
        As for `gaia_table`.

    Returns
    -------
    pandas.DataFrame
        allStar's columns.
    """
    stars = plan[plan["role"] == "candidate"].drop_duplicates("star").sort_values("star")
    share = np.where(stars["kind"] == "gM", 0.72, np.where(stars["kind"] == "dM", 0.46, 0.0))
    stars = stars[rng.random(len(stars)) < share].reset_index(drop=True)
    n = len(stars)
    giant = (stars["kind"] == "gM").to_numpy()
    snr = np.exp(rng.normal(np.log(130), 0.5, n))
    errors = np.where(giant[:, None], APOGEE_ERRORS["gM"], APOGEE_ERRORS["dM"])
    noise = rng.normal(0, 1, (n, 4)) * np.array([0.25, 0.4, 0.5, 0.5]) * errors
    values = stars[list(LABELS)].to_numpy() + noise
    cool = values[:, 0] < np.where(giant, 3750, 3800)
    letter = np.where(giant, "g", "d")
    library = np.where(cool, "M", "GK")
    lsf = rng.choice(list("abcd"), n)
    flag = np.where(rng.random(n) < 0.12, AspcapFlag.LOGG_WARN, 0) | np.where(
        rng.random(n) < 0.02, AspcapFlag.STAR_BAD, 0
    )
    table = pd.DataFrame(
        {
            "APOGEE_ID": [
                designation(ra, dec).replace("LAMOST J", "2M").replace(".", "")
                for ra, dec in zip(stars["ra"], stars["dec"], strict=True)
            ],
            "RA": stars["ra"] - 15.5 * stars["pmra"] / 3.6e6 / np.cos(np.radians(stars["dec"])),
            "DEC": stars["dec"] - 15.5 * stars["pmdec"] / 3.6e6,
            "SNR": snr,
            "STARFLAG": np.where(rng.random(n) < 0.05, 1 << 4, 0).astype("int64"),
            "ASPCAPFLAG": flag.astype("int64"),
            "ASPCAP_CLASS": [f"{grid}{kind}_{fibre}" for grid, kind, fibre in zip(library, letter, lsf, strict=True)],
            "VHELIO_AVG": stars["rv"] + rng.normal(0, 0.2, n),
        }
    )
    for column, name in enumerate(APOGEE_COLUMNS.values()):
        missing = rng.random(n) < (0.01 if column < 2 else 0.02)
        table[name] = np.where(missing, MISSING, values[:, column])
        table[f"{name}_ERR"] = np.where(missing, MISSING, errors[:, column])
    again = table[rng.random(n) < 0.03].copy()
    again["SNR"] *= 0.6
    both = pd.concat([table, again], ignore_index=True)
    return both.astype(
        {
            "SNR": "float32",
            **{name: "float32" for name in both.columns if name.startswith(tuple(APOGEE_COLUMNS.values()))},
        }
    )
