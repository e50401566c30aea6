"""Stars that belong together, on request: wide binaries, clusters, and stars that are observed three to five times."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.randomness import rng as stream
from mstars.simulate import population
from mstars.simulate.sizes import SIZES, plates

BINARIES, FGK_BINARIES, REPEATED = 110, 60, 300
"""Numbers at demo size: pairs of M dwarfs, M dwarfs with a brighter primary, stars with three to five spectra."""
SEPARATION_ARCSEC = (6.0, 25.0)
WIDEST_AU = 3000.0
"""Pairs that Li et al. 2021 (section 5.2) compare are closer."""
FEH_ERR = 0.05
"""Error of a primary's [Fe/H], dex."""

CLUSTERS = {
    # name: members at demo size, distance (pc), [M/H], proper motion over parallax in ra and dec
    "near": (20, 22.0, 0.13, 5.0, -1.2),
    "old": (16, 85.0, -0.22, -1.1, -2.9),
    "young": (18, 120.0, 0.02, 2.2, -5.1),
    "poor": (12, 150.0, -0.45, -4.0, -9.0),
}
"""The near one is where the paper's cuts for the Hyades find it (section 5.1)."""
_DISPERSION_KMS = 0.8


def with_groups(stars: pd.DataFrame, size: str, seed: int) -> pd.DataFrame:
    """The stars of a survey with binaries and clusters added.

    Parameters
    ----------
    stars : pandas.DataFrame
        One row a star, as `mstars.simulate.observations` draws them; ``star`` counts them.
    size : str
        A key of `mstars.simulate.sizes.SIZES`.
    seed : int

    Returns
    -------
    pandas.DataFrame
        With ``group`` (``binary``, ``fgk``, the name of a cluster, or empty), ``group_id`` (-1, or the number of the
        pair or cluster), ``primary_feh`` (dex; of M dwarfs with a brighter primary) and ``separation_au``. The stars
        that were there keep their rows and numbers.
    """
    draws = stream(seed, "simulate", "groups")
    scale = SIZES[size]["dM"] / SIZES["demo"]["dM"]
    stars = stars.assign(group="", group_id=-1, primary_feh=np.nan, separation_au=np.nan)
    pool = stars.index[(stars["role"] == "candidate") & (stars["kind"] == "dM") & (stars["distance"] < 250)]
    needed = round(BINARIES * scale) + round(FGK_BINARIES * scale)
    chosen = draws.choice(pool, min(needed, len(pool)), replace=False)
    pairs = chosen[: max(1, round(len(chosen) * BINARIES / (BINARIES + FGK_BINARIES)))]
    single = chosen[len(pairs) :]
    second = _companions(stars.loc[pairs], draws)
    stars.loc[pairs, ["group", "group_id", "separation_au"]] = second[["group", "group_id", "separation_au"]].to_numpy()
    stars.loc[single, "group"] = "fgk"
    stars.loc[single, "group_id"] = np.arange(len(single))
    stars.loc[single, "primary_feh"] = stars.loc[single, "m_h"] + draws.normal(0, FEH_ERR, len(single))
    stars.loc[single, "separation_au"] = np.exp(draws.uniform(np.log(60), np.log(WIDEST_AU), len(single)))
    members = [_members(name, number, size, scale, draws) for number, name in enumerate(CLUSTERS)]
    added = pd.concat([second, *members], ignore_index=True)
    added["star"] = len(stars) + np.arange(len(added))
    return pd.concat([stars, added[stars.columns]], ignore_index=True)


def _companions(primary: pd.DataFrame, draws) -> pd.DataFrame:
    """A cooler dwarf beside each: the same composition, distance and motion."""
    n = len(primary)
    teff = np.maximum(primary["teff"].to_numpy() - draws.uniform(0, 400, n), 2820.0)
    second = _dwarfs(teff, primary["m_h"].to_numpy(), primary["alpha_m"].to_numpy(), draws)
    second = primary.reset_index(drop=True).assign(**second)
    distance = primary["distance"].to_numpy()
    widest = np.maximum(np.minimum(SEPARATION_ARCSEC[1], WIDEST_AU / distance), SEPARATION_ARCSEC[0] + 0.5)
    apart, angle = draws.uniform(SEPARATION_ARCSEC[0], widest), draws.uniform(0, 2 * np.pi, n)
    second["dec"] += apart * np.sin(angle) / 3600
    second["ra"] += apart * np.cos(angle) / 3600 / np.cos(np.radians(second["dec"]))
    second["g_mag"] = second["m_g"] + 5 * np.log10(distance / 10) + population.R_G * primary["ebv"].to_numpy()
    second["rv"] += draws.normal(0, _DISPERSION_KMS, n)
    return second.assign(group="binary", group_id=np.arange(n), separation_au=apart * distance)


def _members(name: str, number: int, size: str, scale: float, draws) -> pd.DataFrame:
    """M dwarfs of a cluster, on one plate."""
    count, distance, m_h, motion_ra, motion_dec = CLUSTERS[name]
    plate = plates(size)[number % len(plates(size))]
    n, parallax = max(5, round(count * scale)), 1000 / distance
    metal = m_h + draws.normal(0, 0.02, n)
    stars = pd.DataFrame(_dwarfs(draws.uniform(3050, 3950, n), metal, 0.03 - 0.15 * metal, draws))
    radius, angle = 1.2 * np.sqrt(draws.random(n)), draws.uniform(0, 2 * np.pi, n)
    dec = plate["centre"][1] + radius * np.sin(angle)
    spread = _DISPERSION_KMS / 4.74047 * parallax
    return stars.assign(
        role="candidate",
        true_class="dM",
        kind="dM",
        plate=plate["plate"],
        ebv_scale=plate["dust"],
        ebv=0.0,
        ra=(plate["centre"][0] + radius * np.cos(angle) / np.cos(np.radians(dec))) % 360,
        dec=dec,
        distance=distance * (1 + draws.normal(0, 0.02, n)),
        g_mag=stars["m_g"] + 5 * np.log10(distance / 10),
        pmra=motion_ra * parallax + draws.normal(0, spread, n),
        pmdec=motion_dec * parallax + draws.normal(0, spread, n),
        rv=20.0 * number + draws.normal(0, _DISPERSION_KMS, n),
        group=name,
        group_id=number,
        primary_feh=np.nan,
        separation_au=np.nan,
    )


def _dwarfs(teff, m_h, alpha, draws) -> dict[str, np.ndarray]:
    """Labels, absolute magnitude and colour of dwarfs on the isochrones."""
    drawn = population.dwarfs_on_sequence(draws, teff, m_h, alpha)
    return {name: drawn[name].to_numpy() for name in drawn}


def many_repeats(stars: pd.DataFrame, size: str, seed: int) -> pd.DataFrame:
    """Two to four further spectra each of some M stars, on any plate of their field.

    Parameters
    ----------
    stars : pandas.DataFrame
    size : str
    seed : int

    Returns
    -------
    pandas.DataFrame
        A row a further spectrum.
    """
    draws, layout = stream(seed, "simulate", "repeated"), plates(size)
    fields = {one["plate"]: [two["plate"] for two in layout if two["centre"] == one["centre"]] for one in layout}
    pool = stars.index[(stars["role"] == "candidate") & stars["kind"].isin(["dM", "gM"])]
    count = min(round(REPEATED * SIZES[size]["dM"] / SIZES["demo"]["dM"]), len(pool))
    chosen = draws.choice(pool, count, replace=False)
    again = stars.loc[np.repeat(chosen, draws.integers(2, 5, count))].copy()
    again["plate"] = [draws.choice(fields[plate]) for plate in again["plate"]]
    return again


def group_tables(plan: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """What other works would say of the binaries and clusters.

    Parameters
    ----------
    plan : pandas.DataFrame
        Of a survey with groups.
    seed : int

    Returns
    -------
    dict of str to pandas.DataFrame
        ``binaries`` (source_id1, source_id2, R_chance_align, separation_au), ``fgk_binaries`` (source_id of the M
        dwarf, feh and feh_err of its primary, separation_au), ``clusters`` (source_id, cluster) and
        ``cluster_metallicities`` (cluster, feh, feh_err, members).

    Raises
    ------
    InputError
        A survey without groups.
    """
    if "group" not in plan:
        raise InputError("simulate.groups: false, so the survey has no binaries or clusters; set it to true")
    draws = stream(seed, "simulate", "group_tables")
    stars = plan.drop_duplicates("star").sort_values("star")
    stars = stars.assign(source_id=population.source_ids(stars["star"]))
    pairs = stars[stars["group"] == "binary"].sort_values(["group_id", "star"])
    first, second = pairs.groupby("group_id").nth(0), pairs.groupby("group_id").nth(1)
    binaries = pd.DataFrame({"source_id1": first["source_id"].to_numpy(), "source_id2": second["source_id"].to_numpy()})
    binaries["R_chance_align"] = 10 ** draws.uniform(-6, -2, len(binaries))
    binaries["separation_au"] = first["separation_au"].to_numpy()
    fgk = stars[stars["group"] == "fgk"]
    fgk = fgk[["source_id", "primary_feh", "separation_au"]].rename(columns={"primary_feh": "feh"})
    members = stars[stars["group"].isin(CLUSTERS)]
    rows = [
        (name, values[2] + draws.normal(0, 0.02), 0.02, int((members["group"] == name).sum()))
        for name, values in CLUSTERS.items()
    ]
    return {
        "binaries": binaries,
        "fgk_binaries": fgk.assign(feh_err=FEH_ERR).reset_index(drop=True),
        "clusters": members[["source_id", "group"]].rename(columns={"group": "cluster"}).reset_index(drop=True),
        "cluster_metallicities": pd.DataFrame(rows, columns=["cluster", "feh", "feh_err", "members"]),
    }
