"""PARSEC isochrones for Figures 23 to 25: files of the CMD web form, or a packaged grid."""

from __future__ import annotations

import glob
import gzip
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.core.resources import resource, resource_table
from mstars.templates.packages import Package, download, extract_package

logger = logging.getLogger("mstars")

METALLICITIES = (-0.6, -0.3, 0.0, 0.3)
"""[M/H] of the isochrones of Figures 23 to 25, dex."""

LOG_AGE = float(np.log10(9e9))

ISOCHRONE_COLUMNS = ("m_h", "log_age", "stage", "teff", "logg", "bp_rp", "w1_w2", "mean_colours")
"""Columns of an isochrone table: dex, log10 of years, evolutionary label, K, dex, mag, mag. A missing colour is NaN.
The last column names the colours that come from a mean relation ('', 'bp_rp', 'w1_w2' or 'bp_rp w1_w2')."""

_WANTED = {"m_h": ("MH",), "log_age": ("logAge",), "teff": ("logTe",), "logg": ("logg",), "stage": ("label",)}
_COLOURS = {"bp_rp": ("G_BPmag", "G_RPmag"), "w1_w2": ("W1mag", "W2mag")}

PARSEC_GRID = Package(
    "lachesis-grids",
    "0.0.9",
    "lachesis_grids-0.0.9-py3-none-any.whl",
    "87e2bb19abf65f701c20805ed6daab7411d287ef14667d9a1a111675b2638907",
    "not stated; PARSEC v1.2S (Bressan et al. 2012)",
    ("lachesis_grids/grids/parsec_v1.25.h5",),
)
"""PARSEC v1.2S tables resampled to equivalent evolutionary points. They have no colours."""

MANN_METALLICITY = 3500 * 0.04417
"""Change of Teff with [Fe/H] at fixed BP - RP, K / dex: Mann et al. 2015, Table 2 (2016 erratum). The rest of their
relation is for BP and RP as designed before launch."""


def read_cmd(path: str | Path) -> pd.DataFrame:
    """Read isochrones as the PARSEC web form writes them (CMD 3.x), gzipped or not.

    The last comment line before the numbers names the columns. Colours that the file lacks are NaN.

    Raises
    ------
    InputError
        When the file can't be read or lacks one of MH, logAge, logTe, logg, label.
    """
    path = Path(path)
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt") as handle:
            lines = handle.read().splitlines()
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise InputError(f"{path}: not a readable isochrone file ({error})") from None
    first = next((number for number, line in enumerate(lines) if line and not line.startswith("#")), 0)
    names = lines[first - 1].lstrip("# ").split() if first else []
    missing = [group[0] for group in _WANTED.values() if group[0] not in names]
    if missing:
        raise InputError(f"{path}: isochrones without column {', '.join(missing)}; expected CMD 3.x output of PARSEC")
    rows = [line.split() for line in lines[first:] if line and not line.startswith("#")]
    raw = pd.DataFrame(rows, columns=names).apply(pd.to_numeric, errors="coerce")
    table = pd.DataFrame({name: raw[group[0]] for name, group in _WANTED.items()})
    table["teff"] = 10.0 ** table["teff"]
    for name, (blue, red) in _COLOURS.items():
        table[name] = raw[blue] - raw[red] if {blue, red} <= set(names) else np.nan
    return with_mean_colours(table)


def read_grid(path: str | Path, metallicities: Sequence[float] = METALLICITIES, log_age: float = LOG_AGE):
    """Isochrones of one age from the packaged grid, interpolated in [M/H] at equal evolutionary points.

    The grid has no colours. Dwarfs get those of `with_mean_colours`, giants none.

    Parameters
    ----------
    path : str or Path
        ``parsec_v1.25.h5``.
    metallicities : sequence of float
        [M/H] wanted, dex.
    log_age : float
        log10 of years. The nearest age of the grid is taken.

    Returns
    -------
    pandas.DataFrame
        Columns `ISOCHRONE_COLUMNS`.
    """
    with h5py.File(path, "r") as file:
        names = [str(name) for name in file.attrs["columns"]]
        values, lengths = file["values"][:].astype(float), file["lengths"][:]
        fehs, ages = file["feh_values"][:], file["age_values"][:]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    age = int(np.argmin(np.abs(ages - log_age)))
    blocks = [values[starts[k] : starts[k + 1]] for k in range(age, len(lengths), len(ages))]
    wanted = [names.index(name) for name in ("eep", "log_Teff", "log_g", "phase")]
    parts = []
    for m_h in metallicities:
        upper = int(np.clip(np.searchsorted(fehs, m_h), 1, len(fehs) - 1))
        weight = (m_h - fehs[upper - 1]) / (fehs[upper] - fehs[upper - 1])
        low, high = (pd.DataFrame(blocks[k][:, wanted]).set_index(0) for k in (upper - 1, upper))
        both = low.index.intersection(high.index)
        track = (1 - weight) * low.loc[both] + weight * high.loc[both]
        part = _finer(pd.DataFrame({"teff": 10.0 ** track[1], "logg": track[2], "stage": track[3].round()}))
        parts.append(part.assign(m_h=m_h, log_age=ages[age], bp_rp=np.nan, w1_w2=np.nan))
    return with_mean_colours(pd.concat(parts, ignore_index=True))


def _finer(track: pd.DataFrame, parts: int = 10) -> pd.DataFrame:
    """Points between those of the dwarfs, which the grid has hundreds of kelvin apart; none is changed."""
    dwarfs = int((track["logg"] > 4).to_numpy().cumprod().sum())
    if dwarfs < 2:
        return track
    places = np.linspace(0, dwarfs - 1, parts * (dwarfs - 1) + 1)
    first = {name: np.interp(places, np.arange(dwarfs), track[name].iloc[:dwarfs]) for name in ("teff", "logg")}
    first = pd.DataFrame(first | {"stage": track["stage"].iloc[np.floor(places).astype(int)].to_numpy()})
    return pd.concat([first, track.iloc[dwarfs:]], ignore_index=True)


def with_mean_colours(table: pd.DataFrame) -> pd.DataFrame:
    """Give dwarfs the colours that a table lacks altogether, by relations measured on the sky.

    BP - RP is that of `dwarf_bp_rp`, with a term in metallicity. W1 - W2 is that of `dwarf_w1_w2`, which has no such
    term: isochrones of all metallicities fall on one line. The column ``mean_colours`` names the colours given so.

    Parameters
    ----------
    table : pandas.DataFrame
        `ISOCHRONE_COLUMNS` but the last.
    """
    filled = [name for name in ("bp_rp", "w1_w2") if table[name].isna().all()]
    table = table.assign(mean_colours=" ".join(filled))
    if "bp_rp" in filled:
        table["bp_rp"] = dwarf_bp_rp(table)
    if "w1_w2" in filled:
        table["w1_w2"] = dwarf_w1_w2(table)
    return table[list(ISOCHRONE_COLUMNS)]


def dwarf_bp_rp(table: pd.DataFrame) -> np.ndarray:
    """BP - RP of dwarfs from 2700 to 4400 K.

    They are the medians of the stars of Cifuentes et al. (2020) against Teff (``resources/stellar_colours.csv``), taken
    as those of solar composition, with the term in metallicity of Mann et al. (2015).

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        teff (K), logg and m_h (dex).

    Returns
    -------
    ndarray, float64 [n]
        mag; NaN for all other stars.
    """
    solar = table["teff"] - MANN_METALLICITY * table["m_h"]
    return np.where((table["logg"] > 4) & table["teff"].between(2700, 4400), _mean_colour("bp_rp", solar), np.nan)


def dwarf_w1_w2(table: pd.DataFrame) -> np.ndarray:
    """W1 - W2 of dwarfs from 2700 to 4400 K: medians of the stars of Cifuentes et al. (2020).

    Mamajek's sequence has no W1 - W2 between K6 and M4.5.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        teff (K), logg.

    Returns
    -------
    ndarray, float64 [n]
        mag; NaN for all other stars.
    """
    known = (table["logg"] > 4) & table["teff"].between(2700, 4400)
    return np.where(known, _mean_colour("w1_w2", table["teff"]), np.nan)


def _mean_colour(name: str, teff) -> np.ndarray:
    sequence = resource_table(resource("stellar_colours.csv"))
    sequence = sequence[sequence["kind"] == "dwarf"].sort_values("teff")
    return np.interp(teff, sequence["teff"], sequence[name])


def find_isochrones(pattern: str) -> list[str]:
    """The user's own isochrone files, in order of their names.

    Parameters
    ----------
    pattern : str
        A folder, or a glob pattern: the key ``figures.isochrones``.

    Raises
    ------
    InputError
        No file matches.
    """
    files = sorted(glob.glob(f"{pattern}/*" if Path(pattern).is_dir() else pattern))
    if not files:
        raise InputError(f"figures.isochrones: no file matches {pattern!r}; give a folder or pattern of CMD 3.x files")
    return files


def read_isochrones(paths: Sequence[str | Path]) -> pd.DataFrame:
    """All isochrones of some CMD files."""
    return pd.concat([read_cmd(path) for path in paths], ignore_index=True)


def pick(table: pd.DataFrame, metallicities: Sequence[float] = METALLICITIES, log_age: float = LOG_AGE):
    """One isochrone for each wanted metallicity: the nearest in [M/H], within 0.2 dex, at the nearest age.

    Parameters
    ----------
    table : pandas.DataFrame
        `ISOCHRONE_COLUMNS`.
    metallicities : sequence of float
        [M/H], dex.
    log_age : float
        log10 of years.

    Returns
    -------
    list of pandas.DataFrame
        Each with its metallicity in ``attrs["m_h"]``, in the order of the table, up to the tip of the giant branch.
    """
    chosen = {}
    found = np.unique(table["m_h"].to_numpy(float)) if len(table) else np.array([])
    for m_h in metallicities:
        if not len(found) or np.abs(found - m_h).min() > 0.2:
            continue
        nearest = float(found[np.argmin(np.abs(found - m_h))])
        own = table[table["m_h"] == nearest]
        ages = own["log_age"].to_numpy(float)
        own = own[ages == ages[np.argmin(np.abs(ages - log_age))]]
        own = own[own["stage"] <= 3].reset_index(drop=True)
        own = own.iloc[: int(np.argmin(own["logg"])) + 1]  # up to the tip of the giant branch
        own.attrs["m_h"] = nearest
        chosen[nearest] = own
    return list(chosen.values())


def of_age(table: pd.DataFrame, log_age: float) -> pd.DataFrame:
    """Of each metallicity the isochrone of the nearest age (log10 of years), dwarfs and giants."""
    off = (table["log_age"] - log_age).abs()
    return table[off <= off.groupby(table["m_h"]).transform("min") + 1e-9].reset_index(drop=True)


def fetch_grid(
    own: str | Path | None = None, metallicities: Sequence[float] = METALLICITIES, log_age: float = LOG_AGE
) -> pd.DataFrame:
    """Isochrones of the packaged grid.

    Parameters
    ----------
    own : str or Path, optional
        Folder of wheels downloaded elsewhere (``templates.packages`` of the config).
    metallicities, log_age
        As for `read_grid`.

    Returns
    -------
    pandas.DataFrame
        `ISOCHRONE_COLUMNS`. Without a row, and with a warning in the log, where the package can't be had.
    """
    with tempfile.TemporaryDirectory() as scratch:
        try:
            wheel = Path(own) / PARSEC_GRID.file if own is not None else download(PARSEC_GRID, Path(scratch))
            extract_package(wheel, PARSEC_GRID, scratch)
        except InputError as error:
            logger.warning("no isochrones will be drawn: %s", error)
            return pd.DataFrame({name: pd.Series(dtype=float) for name in ISOCHRONE_COLUMNS})
        return read_grid(Path(scratch) / PARSEC_GRID.members[0], metallicities, log_age)
