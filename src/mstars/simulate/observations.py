"""What is observed: plates, stars, repeats, planted failures; every row is a spectrum to be written."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES, SPECTRAL_CLASSES
from mstars.core.constants import C_KMS
from mstars.core.missing import MISSING
from mstars.core.randomness import rng as stream
from mstars.simulate import population
from mstars.simulate.groups import many_repeats, with_groups
from mstars.simulate.sizes import SIZES, plates

ZERO_POINT_KMS = -5.0
"""LAMOST velocities minus Gaia's: written into every simulated spectrum (about -5 km/s in LAMOST's releases)."""

WAVE_ERR_KMS = 190.0

PLANTED_CLASSES = {
    # class of the paper's review list: (class of spectra, number at demo size)
    "B": ("B", 75),
    "A": ("A", 80),
    "F": ("F", 80),
    "G": ("G", 80),
    "WD": ("WD", 75),
    "S": ("S", 48),
    "spectral_binary": ("spectral_binary", 48),
    "em_star": ("em_star", 75),
    "galaxy": ("galaxy", 75),
    "qso": ("qso", 75),
    "unknown": ("unknown", 48),
}
TRAINING_CLASSES = tuple(name for name in SPECTRAL_CLASSES if name != "M")


def _share(total: int, parts: int) -> list[int]:
    return [total // parts + (part < total % parts) for part in range(parts)]


def _counts(size: str) -> list[tuple[str, str, str, int]]:
    """(role, true class, kind of spectrum, number) of all stars but repeats."""
    numbers = SIZES[size]
    rows = [("candidate", "dM", "dM", numbers["dM"]), ("candidate", "gM", "gM", numbers["gM"])]
    for name, (kind, count) in PLANTED_CLASSES.items():
        rows.append(("candidate", name, kind, max(3, round(count * numbers["planted"]))))
    rows.append(("candidate", "K", "late_K", numbers["late_k"]))
    share = {"A": 1.3, "F": 1.3, "G": 1.3, "K": 1.15}  # neighbours are hard to tell apart: more of them
    rows += [("train", name, name, round(numbers["train"] * share.get(name, 1.0))) for name in TRAINING_CLASSES]
    return rows


def _draw(rng, kind: str, n: int) -> pd.DataFrame:
    if kind == "dM":
        return population.draw_dwarfs(rng, n)
    if kind == "gM":
        return population.draw_giants(rng, n)
    return population.draw_others(rng, kind, n)


def _stars(size: str, seed: int) -> pd.DataFrame:
    """One row a star, with its first plate."""
    table, rng = [], stream(seed, "simulate", "stars")
    layout = plates(size)
    for role, true_class, kind, count in _counts(size):
        for plate, number in zip(layout, _share(count, len(layout)), strict=True):
            if not number:
                continue
            drawn = _draw(rng, kind, number)
            drawn = drawn.assign(
                role=role, true_class=true_class, kind=kind, plate=plate["plate"], ebv_scale=plate["dust"]
            )
            radius, angle = 2.3 * np.sqrt(rng.random(number)), 2 * np.pi * rng.random(number)
            dec = plate["centre"][1] + radius * np.sin(angle)
            ra = (plate["centre"][0] + radius * np.cos(angle) / np.cos(np.radians(dec))) % 360
            table.append(population.add_sky(drawn.assign(ra=ra, dec=dec), rng))
    stars = pd.concat(table, ignore_index=True)
    fast = rng.choice(
        np.flatnonzero(stars["kind"] == "dM"), max(4, int((stars["kind"] == "dM").sum() * 0.02)), replace=False
    )
    for column in ("pmra", "pmdec"):  # high proper motion: these move by arcseconds between the epochs
        stars.loc[fast, column] = rng.uniform(300, 1200, fast.size) * rng.choice([-1, 1], fast.size)
    stars.loc[fast, "distance"] = np.minimum(stars.loc[fast, "distance"], 60.0)
    stars.loc[fast, "g_mag"] = stars.loc[fast, "m_g"] + 5 * np.log10(stars.loc[fast, "distance"] / 10)
    stars.loc[fast, "ebv"] = 0.0
    stars["star"] = np.arange(len(stars))
    return stars


def _repeats(stars: pd.DataFrame, size: str, rng) -> pd.DataFrame:
    """The same stars again on the other plate of their field, or, where it has none, by another fibre of their own."""
    layout = plates(size)
    partner = {}
    for one in layout:
        same = [two["plate"] for two in layout if two["centre"] == one["centre"] and two is not one]
        partner[one["plate"]] = same[0] if same else one["plate"]
    pool = stars.index[(stars["role"] == "candidate") & stars["kind"].isin(LUMINOSITY_CLASSES)]
    near = stars.loc[pool, "plate"].map(lambda name: partner[name] != name).to_numpy()
    weight = np.where(near, 5.0, 1.0)
    chosen = rng.choice(pool, min(SIZES[size]["repeats"], len(pool)), replace=False, p=weight / weight.sum())
    again = stars.loc[chosen].copy()
    again["plate"] = again["plate"].map(partner)
    return again


def draw_survey(size: str, seed: int, groups: bool = False) -> pd.DataFrame:
    """Every spectrum of the survey.

    Parameters
    ----------
    size : str
        A key of `SIZES`.
    seed : int
        ``survey.seed``.
    groups : bool
        Whether binaries, clusters and stars of three to five spectra are added (`mstars.simulate.groups`).

    Returns
    -------
    pandas.DataFrame
        One row a spectrum: identity (spectrum_key, plate, spid, fiberid, obsid), truth (star, true_class, kind, teff,
        logg, m_h, alpha_m, rv, redshift), sky (ra, dec, pmra, pmdec, distance, ebv, g_mag, bp_rp, m_g), what the
        catalogue will say (planted_*, lamost_class, lamost_rv) and the S/N aimed at (snri).
    """
    stars = _stars(size, seed)
    rng = stream(seed, "simulate", "plan")
    again = [_repeats(stars, size, rng)]
    if groups:
        stars = with_groups(stars, size, seed)
        again = [one.assign(**_grouped(stars, one)) for one in again] + [many_repeats(stars, size, seed)]
    table = pd.concat([stars, *again], ignore_index=True)
    table = _identity(table, size, rng)
    table = _positions(table, rng)
    table = _signal(table, rng)
    table = _failures(table, size, rng)
    table = _companions(table, stream(seed, "simulate", "companions"))
    return table.sort_values("spectrum_key", ignore_index=True)


def _grouped(stars: pd.DataFrame, again: pd.DataFrame) -> dict:
    """What further spectra of a star have of its group."""
    own = stars.set_index("star").loc[again["star"]]
    return {name: own[name].to_numpy() for name in ("group", "group_id", "primary_feh", "separation_au")}


def _identity(table: pd.DataFrame, size: str, rng) -> pd.DataFrame:
    layout = {plate["plate"]: plate for plate in plates(size)}
    parts = []
    for name, part in table.groupby("plate", sort=True):
        plate = layout[name]
        slots = np.sort(rng.choice(4000, len(part), replace=False)) if len(part) <= 4000 else np.arange(len(part))
        part = part.iloc[rng.permutation(len(part))].copy()
        part["spid"], part["fiberid"] = slots // 250 + 1, slots % 250 + 1
        part["lmjd"], part["planid"], part["obsdate"] = plate["lmjd"], plate["planid"], plate["date"]
        part["layout"] = plate["layout"]
        part["obsid"] = (plate["number"] + 101) * 1000000 + part["spid"] * 1000 + part["fiberid"]
        minutes = rng.integers(0, 400)
        part["ut_minutes"] = 660 + minutes
        part["helio_rv"] = rng.uniform(-28, 28) + 0.3 * rng.normal(size=len(part))
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["spectrum_key"] = [
        f"{row.lmjd}-{row.planid}-sp{row.spid:02d}-{row.fiberid:03d}" for row in table.itertuples(index=False)
    ]
    table["filename"] = [
        f"spec-{row.lmjd}-{row.planid}_sp{row.spid:02d}-{row.fiberid:03d}.fits.gz"
        for row in table.itertuples(index=False)
    ]
    return table


def _positions(table: pd.DataFrame, rng) -> pd.DataFrame:
    """Coordinates as the input catalogue had them: of epoch 2000, 2012 or the observation; ra, dec are of 2016.0."""
    n = len(table)
    observed = 2000.0 + (table["lmjd"] - 51544.5) / 365.25
    epoch = np.choose(rng.choice(3, n, p=[0.45, 0.35, 0.2]), [np.full(n, 2000.0), np.full(n, 2012.0), observed])
    years = epoch - 2016.0
    noise = rng.normal(0, 0.12, (2, n)) / 3600
    table["dec_cat"] = table["dec"] + table["pmdec"] * years / 3.6e6 + noise[0]
    across = (table["pmra"] * years / 3.6e6 + noise[1]) / np.cos(np.radians(table["dec"]))
    table["ra_cat"] = (table["ra"] + across) % 360
    return table


def _signal(table: pd.DataFrame, rng) -> pd.DataFrame:
    """S/N in the i band from the magnitude, with the survey's spread, and redshifts."""
    n = len(table)
    i_mag = table["g_mag"] - 0.3 * table["bp_rp"]
    snri = 14.0 * 10 ** (-0.26 * (i_mag - 15.6)) * np.exp(rng.normal(0, 0.55, n))
    train = (table["role"] == "train").to_numpy()
    weak = table["kind"].isin(["unknown"]).to_numpy()
    snri = np.where(weak, rng.uniform(2.0, 14.0, n), np.where(train, snri * 1.3, snri))
    table["snri_aim"] = _catalogued(np.clip(snri, 2.0, 450.0), table, rng)
    redshift = np.zeros(n)
    galaxy = table["kind"].isin(["GALAXY", "galaxy"]).to_numpy()
    quasar = table["kind"].isin(["QSO", "qso"]).to_numpy()
    near = rng.random(galaxy.sum()) < 0.3
    distant = np.clip(rng.gamma(2.2, 0.05, galaxy.sum()), 0.004, 0.5)
    redshift[galaxy] = np.where(near, rng.uniform(0.001, 0.03, galaxy.sum()), distant)
    redshift[quasar] = rng.uniform(0.15, 4.2, quasar.sum())
    table["redshift"] = redshift
    planted = (table["role"] == "candidate").to_numpy() & ~table["kind"].isin(["dM", "gM", "late_K"]).to_numpy()
    table["planted_class"] = planted
    return table


_AFGK_SNRI = {"A": 10.0, "F": 10.0, "G": 12.0, "K": 18.0}
"""S/N in i where the S/N in g is about 8: LAMOST's catalogue of A, F, G, K stars has dark nights from 6 in g on, bright
ones from 15 (Luo et al. 2015, RAA 15, 1095)."""


def _catalogued(snri: np.ndarray, table: pd.DataFrame, rng) -> np.ndarray:
    """S/N of training stars of types A to K: those too weak for their catalogue are replaced by stars just above."""
    limit = table["kind"].map(_AFGK_SNRI).fillna(0.0).to_numpy() * (table["role"] == "train").to_numpy()
    limit = limit * np.exp(rng.uniform(0, 0.6, len(table)))
    return np.where(snri < limit, limit * np.exp(rng.exponential(0.5, len(table))), snri)


def _companions(table: pd.DataFrame, rng) -> pd.DataFrame:
    """Double-lined binaries: 1 in 100 M dwarfs has a second, cooler dwarf in its spectrum at another velocity.

    ``companion_kms`` is the second star's velocity less the first's (0: none), ``companion_share`` its share of light
    at 7450 A, ``companion_teff`` in K; ``rv`` is the mean velocity of the light.
    """
    n = len(table)
    chosen = (table["kind"] == "dM").to_numpy() & (table["planted_rv"] == "").to_numpy() & (rng.random(n) < 0.01)
    speed = rng.uniform(60, 250, n) * rng.choice([-1, 1], n)
    cooler = np.maximum(table["teff"].to_numpy() - rng.uniform(0, 300, n), 2810.0)
    table["companion_kms"] = np.where(chosen, speed, 0.0)
    table["companion_share"] = np.where(chosen, rng.uniform(0.2, 0.5, n), 0.0)
    table["companion_teff"] = np.where(chosen, cooler, np.nan)
    return table


RV_FAILURES = ("wrong_rv", "red_end", "emission", "low_quality", "wave_err")


def _failures(table: pd.DataFrame, size: str, rng) -> pd.DataFrame:
    n = len(table)
    numbers = SIZES[size]
    star = ((table["role"] == "candidate") & table["kind"].isin(LUMINOSITY_CLASSES)).to_numpy()
    dwarf = (table["kind"] == "dM").to_numpy()
    order = rng.permutation(np.flatnonzero(star))
    table["planted_rv"] = ""
    used: set[int] = set()
    for failure in RV_FAILURES:
        fits = dwarf if failure == "emission" else np.ones(n, bool)
        chosen = [row for row in order if fits[row] and row not in used][: numbers["rv"]]
        used.update(chosen)
        table.loc[chosen, "planted_rv"] = failure
    low = (table["planted_rv"] == "low_quality").to_numpy()
    table.loc[low, "snri_aim"] = rng.uniform(1.0, 2.6, low.sum())
    table.loc[table["planted_rv"] == "emission", "snri_aim"] = rng.uniform(
        3.0, 6.0, (table["planted_rv"] == "emission").sum()
    )
    for failure in ("wrong_rv", "red_end", "wave_err"):
        rows = (table["planted_rv"] == failure).to_numpy()
        table.loc[rows, "snri_aim"] = np.maximum(table.loc[rows, "snri_aim"], rng.uniform(11, 40, rows.sum()))
    table["planted_dmgm"] = False
    clean = [row for row in order if row not in used]
    dwarfs = [row for row in clean if dwarf[row]][: numbers["dmgm"] // 2]
    giants = [row for row in clean if not dwarf[row]][: numbers["dmgm"] - len(dwarfs)]
    table.loc[dwarfs + giants, "planted_dmgm"] = True
    table.loc[dwarfs + giants, "snri_aim"] = np.maximum(table.loc[dwarfs + giants, "snri_aim"], 8.0)
    return _catalogue_view(table, rng)


def _catalogue_view(table: pd.DataFrame, rng) -> pd.DataFrame:
    """What LAMOST's own catalogue says: class, velocity with scatter, tails and the planted mistakes."""
    n = len(table)
    giant = table["kind"].isin(["gM", "S"]).to_numpy()
    said = np.where(giant != table["planted_dmgm"].to_numpy(), "gM", "dM")
    other = ~table["kind"].isin(["dM", "gM", "late_K", "S"]).to_numpy() & (table["role"] == "candidate").to_numpy()
    said = np.where(other & (rng.random(n) < 0.25), "gM", said)
    said = np.where((table["kind"] == "dM") & (table["m_h"] < -0.8) & (said == "dM"), "sdM", said)
    table["lamost_class"] = np.where(table["role"] == "candidate", said, "")
    scatter = np.clip(7.0 * rng.standard_t(4.0, n) / np.sqrt(2.0), -45, 45) * np.clip(
        8 / np.sqrt(table["snri_aim"]), 0.6, 1.6
    )
    rv = table["rv"] + ZERO_POINT_KMS + np.where(table["snri_aim"] < 8, 1.6, 1.0) * scatter
    wrong = (table["planted_rv"] != "").to_numpy()
    jump = np.exp(rng.uniform(np.log(50), np.log(1000), n)) * rng.choice([-1, 1], n)
    table["lamost_rv"] = np.where(wrong, rv + jump, rv)
    table["rv_jump"] = np.where(wrong, jump, 0.0)
    z = table["lamost_rv"] / C_KMS
    extragalactic = table["redshift"] > 0
    train = table["role"] == "train"
    z = np.where(extragalactic & train, table["redshift"] + rng.normal(0, 1e-4, n), z)
    table["z"] = z
    table["z_err"] = np.abs(rng.normal(2.0, 0.6, n) + 40 / table["snri_aim"]) / C_KMS
    none = (table["planted_rv"] == "low_quality").to_numpy() & (rng.random(n) < 0.25)
    table.loc[none, ["z", "z_err"]] = MISSING
    table["active"] = (table["kind"] == "dM") & (
        rng.random(n) < np.interp(table["teff"].fillna(9999), [2900, 3200, 3600, 4000], [0.7, 0.4, 0.08, 0.03])
    )
    return table
