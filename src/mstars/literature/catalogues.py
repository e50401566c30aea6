"""A literature catalogue beside this work and APOGEE (section 4.2.2). A small YAML file describes the catalogue."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.coordinates import SkyCoord

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.errors import InputError
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.missing import MISSING, without_missing
from mstars.core.robust import mad_std
from mstars.core.snr import snr_interval
from mstars.core.yaml_text import read_yaml
from mstars.files.external_tables import Column, read_external
from mstars.literature.criteria import good_spectra

COMPARED = (*LABELS, "rv")
"""Quantities that a catalogue can have."""

PAIRS = {
    "catalog-this": ("catalog", "this"),
    "catalog-apogee": ("catalog", "apogee"),
    "this-apogee": ("this", "apogee"),
}
"""Pairs of Figures 15 to 22. A difference is the first minus the second."""

SNR_NAMES = ("20-50", "50-100", ">100")
"""Intervals of S/N_i of good spectra: their limits, and their names."""

_KEYS = {"name", "title", "reference", "file", "match", "columns", "kinds", "missing", "scale", "offset", "optional"}
_NEEDED = {"name", "file", "match", "columns"}
_HEADS = dict.fromkeys(("catalog", "kind", "pair", "label", "snr"), "str")
_HEADS |= {"n": "int64", **dict.fromkeys(("mean", "std", "median", "robust_std"), "float64")}


@dataclass(frozen=True)
class Catalogue:
    """A literature catalogue.

    Attributes
    ----------
    name : str
        Short, for file names.
    title : str
        For axes.
    reference : str
        Where it was published.
    file : Path
        CSV, ECSV, FITS, VOTable or Parquet.
    match : dict
        ``{column: theirs, to: obsid | source_id | spectrum_key}``, or ``{ra: theirs, dec: theirs, arcsec: radius}``.
    columns : dict
        teff (K), logg, m_h, alpha_m (dex), rv (km/s): their columns; at least one.
    kinds : tuple of str
        dM, gM or both: which stars are compared.
    missing : float
        Value that means missing.
    scale, offset : dict
        By label: ours = theirs * scale + offset, where units differ.
    optional : bool
        Whether a file may lack some of ``columns``: they are then unknown.
    """

    name: str
    file: Path
    match: dict
    columns: dict
    title: str = ""
    reference: str = ""
    kinds: tuple[str, ...] = LUMINOSITY_CLASSES
    missing: float = MISSING
    scale: dict = field(default_factory=dict)
    offset: dict = field(default_factory=dict)
    optional: bool = False


def read_description(path: str | Path) -> Catalogue:
    """Read and check the YAML description of a catalogue; its ``file`` is relative to the YAML.

    Raises
    ------
    InputError
        Names the file, the key and what is allowed.
    """
    path = Path(path)
    try:
        text = read_yaml(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable YAML file ({error})") from None
    if not isinstance(text, dict):
        raise InputError(f"{path}: expected keys {', '.join(sorted(_NEEDED))}")
    wrong = sorted(map(str, set(text) - _KEYS)) or sorted(_NEEDED - set(text))
    if wrong:
        raise InputError(f"{path}: unknown or missing key {wrong[0]!r}; keys: {', '.join(sorted(_KEYS))}")
    _check_types(path, text)
    unknown = sorted(set(text["columns"]) - set(COMPARED)) if isinstance(text["columns"], dict) else ["columns"]
    if unknown or not text["columns"]:
        raise InputError(f"{path}: columns: expected some of {', '.join(COMPARED)}, found {unknown or 'none'}")
    _check_match(path, text["match"])
    kinds = tuple(text.get("kinds", LUMINOSITY_CLASSES))
    if not kinds or set(kinds) - set(LUMINOSITY_CLASSES):
        raise InputError(f"{path}: kinds: {list(kinds)} is not a list of dM, gM")
    return Catalogue(
        **{**text, "file": path.parent / text["file"], "kinds": kinds, "title": text.get("title", text["name"])}
    )


_TYPES = {"title": str, "reference": str, "kinds": list, "missing": int | float, "scale": dict, "offset": dict}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _check_types(path: Path, text: dict) -> None:
    if not isinstance(text["name"], str) or not _NAME.fullmatch(text["name"]):
        raise InputError(f"{path}: name: expected letters, digits and _ - (it names files), found {text['name']!r}")
    if not isinstance(text["file"], str) or set(text["file"]) & set("{}<>"):
        raise InputError(f"{path}: file: expected the name of a file without braces and <>, found {text['file']!r}")
    for key, kind in _TYPES.items():
        if key in text and not isinstance(text[key], kind):
            raise InputError(f"{path}: {key}: {str(text[key])[:40]!r} is of a wrong type; see docs/methods/compare.md")
    for key in ("scale", "offset"):
        values = text.get(key, {})
        if not set(map(str, values)) <= set(COMPARED) or not all(
            type(value) in (int, float) for value in values.values()
        ):
            raise InputError(f"{path}: {key}: expected a number for some of {', '.join(COMPARED)}, found {values}")


def _check_match(path: Path, match) -> None:
    by_key = isinstance(match, dict) and set(match) == {"column", "to"}
    if by_key and match["to"] in ("obsid", "source_id", "spectrum_key"):
        return
    if isinstance(match, dict) and set(match) in ({"ra", "dec"}, {"ra", "dec", "arcsec"}):
        return
    raise InputError(
        f"{path}: match: expected {{column: ..., to: obsid | source_id | spectrum_key}} or {{ra: ..., dec: ..., "
        f"arcsec: 3}}, found {match}"
    )


def read_catalogue(catalogue: Catalogue) -> pd.DataFrame:
    """The rows of a catalogue with our names.

    Parameters
    ----------
    catalogue : Catalogue

    Returns
    -------
    pandas.DataFrame
        ``match``, or ra and dec; `COMPARED` (K, dex, km/s; NaN where the catalogue does not have it).

    Raises
    ------
    InputError
        When the file can't be read or lacks a column that the description names.
    """
    match = catalogue.match
    if "column" in match:
        wanted = {"match": Column(match["column"], kind="str" if match["to"] == "spectrum_key" else "id")}
    else:
        wanted = {"ra": Column(match["ra"], kind="ra", unit="deg"), "dec": Column(match["dec"], kind="dec", unit="deg")}
    # labels in the file's own units: the description's scale and offset make ours of them
    wanted |= {label: Column(theirs, required=not catalogue.optional) for label, theirs in catalogue.columns.items()}
    raw = read_external(catalogue.file, tuple(dict.fromkeys(wanted.values())), f"catalogue {catalogue.name}")
    table = pd.DataFrame({ours: raw[column.name] for ours, column in wanted.items()})
    for label in COMPARED:
        if label not in table:
            table[label] = np.nan
            continue
        values = table[label].where(np.isfinite(table[label]) & (table[label] != catalogue.missing))
        table[label] = values * catalogue.scale.get(label, 1.0) + catalogue.offset.get(label, 0.0)
    return table


def join(table: pd.DataFrame, theirs: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Our spectra that a catalogue has, with its labels. Where several of its rows match, the first is taken.

    Parameters
    ----------
    table : pandas.DataFrame
        From `comparison_sample`.
    theirs : pandas.DataFrame
        From `read_catalogue`.
    catalogue : Catalogue
        How rows are matched.

    Returns
    -------
    pandas.DataFrame
        The columns of ``table``, and ``{label}_catalog`` for each of `COMPARED`.
    """
    renamed = {label: f"{label}_catalog" for label in COMPARED}
    if "column" in catalogue.match:
        key = catalogue.match["to"]
        theirs = theirs.rename(columns={"match": key, **renamed})
        theirs = theirs.drop_duplicates(key)
        if key != "spectrum_key":
            table = table[table[key].notna()].astype({key: "int64"})
            theirs = theirs[theirs[key].notna()].astype({key: "int64"})
        return table.merge(theirs[[key, *renamed.values()]], on=key, how="inner")
    theirs = theirs.rename(columns=renamed).dropna(subset=["ra", "dec"]).reset_index(drop=True)
    if not len(theirs) or not len(table):
        return table.iloc[:0].assign(**{name: pd.Series(dtype=float) for name in renamed.values()})
    own = SkyCoord(table["ra"].to_numpy(float), table["dec"].to_numpy(float), unit="deg")
    index, separation, _ = own.match_to_catalog_sky(SkyCoord(theirs["ra"], theirs["dec"], unit="deg"))
    near = separation.arcsec <= catalogue.match.get("arcsec", 3.0)
    found = theirs.iloc[index[near]][list(renamed.values())].reset_index(drop=True)
    return pd.concat([table[near].reset_index(drop=True), found], axis=1)


def described_table(description: str | Path, file: str | Path) -> Catalogue:
    """The catalogue of a description, with the table itself wherever the workflow has it."""
    return replace(read_description(description), file=Path(file))


def join_described(
    table: pd.DataFrame, names: Sequence[str], descriptions: Sequence[str | Path], files: Sequence[str | Path]
) -> dict:
    """`join` of a table with several catalogues, by name: ``descriptions`` in YAML, and ``files`` with the tables."""
    given = zip(names, descriptions, files, strict=True)
    described = {name: described_table(description, file) for name, description, file in given}
    return {name: join(table, read_catalogue(one), one) for name, one in described.items()}


def titled(joined: dict[str, pd.DataFrame], shown: Sequence[str], descriptions: Sequence[str | Path]) -> dict:
    """Joined tables by the title of their catalogue, in the order in which a figure shows them.

    Parameters
    ----------
    joined : dict of str to pandas.DataFrame
        By name of the catalogue.
    shown : sequence of str
        Names that the figure shows. Those that are not configured are left out.
    descriptions : sequence of path
        YAML files of the catalogues in ``joined``, in its order.
    """
    titles = {name: read_description(path).title for name, path in zip(joined, descriptions, strict=True)}
    return {titles[name]: joined[name] for name in shown if name in joined}


def comparison_sample(catalog: pd.DataFrame, m_catalog: pd.DataFrame, apogee: pd.DataFrame) -> pd.DataFrame:
    """Our side of every comparison (section 4.2): recommended parameters of good spectra whose class is beyond doubt.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue; parameter_flag = 1, quality criteria of 4.2, luminosity_class = CMD_pos.
    m_catalog : pandas.DataFrame
        spectrum_key, lamost_class: must agree too.
    apogee : pandas.DataFrame
        The crossmatch: spectrum_key, TEFF, LOGG, M_H, ALPHA_M.

    Returns
    -------
    pandas.DataFrame
        spectrum_key, obsid, source_id, ra, dec, snr_i, luminosity_class, {label}_this, {label}_apogee; rv_this where
        rv_flag = 1.
    """
    table = catalog[(catalog["parameter_flag"] == 1).to_numpy(bool) & good_spectra(catalog)]
    table = table.drop(columns="lamost_class", errors="ignore")
    table = table.merge(m_catalog[["spectrum_key", "lamost_class"]], on="spectrum_key")
    agree = (table["luminosity_class"] == table["CMD_pos"]) & (table["luminosity_class"] == table["lamost_class"])
    names = {column: f"{label}_apogee" for label, column in APOGEE_COLUMNS.items()}
    theirs = apogee[["spectrum_key", *names]].rename(columns=names)
    table = table[agree].rename(columns={label: f"{label}_this" for label in LABELS})
    table = table.merge(theirs, on="spectrum_key", how="left")
    for label in LABELS:
        table[f"{label}_apogee"] = without_missing(table[f"{label}_apogee"])
    table["rv_this"] = table["rv"].astype(float).where((table["rv_flag"] == 1).to_numpy(bool))
    columns = ["rv_this", "spectrum_key", "obsid", "source_id", "ra", "dec", "snr_i", "luminosity_class"]
    return table[columns + [f"{label}_{side}" for label in LABELS for side in ("this", "apogee")]]


def statistics(joined: pd.DataFrame, name: str) -> pd.DataFrame:
    """Systematic difference and dispersion of every pair, label and class, for all S/N_i and by interval.

    Parameters
    ----------
    joined : pandas.DataFrame
        From `join`.
    name : str
        Of the catalogue.

    Returns
    -------
    pandas.DataFrame
        catalog, kind (dM, gM), pair (a key of `PAIRS`), label, snr ('all' or an interval), n; mean and std, as in the
        paper; median and robust_std (`mad_std`). Combinations without a star are left out.
    """
    rows = []
    for kind, stars in joined.groupby("luminosity_class"):
        interval = snr_interval(stars["snr_i"])
        for pair, (first, second) in PAIRS.items():
            for label in [label for label in COMPARED if f"{label}_{second}" in stars]:
                off = (stars[f"{label}_{first}"].astype(float) - stars[f"{label}_{second}"]).to_numpy(float)
                # every pair is measured on the same stars, those of the catalogue
                off = np.where(np.isfinite(stars[f"{label}_catalog"].to_numpy(float)), off, np.nan)
                for number, snr in enumerate(("all", *SNR_NAMES)):
                    chosen = off if number == 0 else off[interval == number]
                    chosen = chosen[np.isfinite(chosen)]
                    if len(chosen):
                        rows.append((name, kind, pair, label, snr, *moments(chosen).values()))
    return all_statistics([pd.DataFrame(rows, columns=_HEADS)])


def all_statistics(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Statistics of several catalogues under each other.

    Parameters
    ----------
    tables : list of pandas.DataFrame
        From `statistics` and its like. Of none, an empty table with the same columns is made.
    """
    empty = pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in _HEADS.items()})
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True).astype(_HEADS) if filled else empty


def moments(values: np.ndarray) -> dict[str, float]:
    """Number, mean, standard deviation, median and robust standard deviation of finite values, [n]."""
    found = {"n": len(values), "mean": values.mean(), "std": values.std(), "median": np.median(values)}
    return found | {"robust_std": mad_std(values)}
