"""The small reference tables of ``resources/``: where they are, which columns they have, in which units.

A table's units stand in a comment line of the file, ``# units: lower angstrom, upper angstrom``. A column that the line
does not name has none. A wavelength's unit says whether it is of air or of vacuum.
"""

from __future__ import annotations

import csv
import functools
from importlib.resources import files
from pathlib import Path

from mstars.core.errors import InputError

ROOT = Path(str(files("mstars") / "data")).resolve()
"""Folder of the tables: the package's ``data``, which in a checkout is a link to ``resources/``."""

TEXT, NUMBER = "text", "number"
"""Kinds of columns without a unit."""

AIR, VACUUM = "angstrom (air)", "angstrom (vacuum)"
"""Units of wavelengths of lines."""

TABLES: dict[str, dict[str, str]] = {
    "archive_files": {"file": TEXT, "rows": NUMBER, "bytes": "byte", "checksum": TEXT},
    "bands": {"band": TEXT, "lower": "angstrom", "upper": "angstrom"},
    "catalog_columns": dict.fromkeys(
        ("name", "source", "dtype", "unit", "ucd", "null", "products", "table9", "description"), TEXT
    ),
    "example_features": {"feature": TEXT, "wavelength_air": AIR, "labels": TEXT},
    "features": {"feature": TEXT, "lower_air": AIR, "upper_air": AIR, "dM": TEXT, "gM": TEXT},
    "indices": {
        "index": TEXT,
        **dict.fromkeys(("lower", "upper"), AIR),
        **dict.fromkeys((f"continuum_{n}_{side}" for n in (1, 2) for side in ("lower", "upper")), AIR),
    },
    "isochrone_points": {"kind": TEXT, "m_h": "dex", "logg": "dex", "teff": "K", "m_g": "mag"},
    "lamost_cards": dict.fromkeys(("layout", "keyword", "kind", "value", "comment"), TEXT),
    "lines": {"set": TEXT, "line": TEXT, "wavelength": VACUUM},
    "mastar_types": dict.fromkeys(("cluster", "subclass", "luminosity"), TEXT),
    "paper_numbers": {
        **dict.fromkeys(("product", "section", "key", "description"), TEXT),
        "paper": NUMBER,
        **dict.fromkeys(("unit", "compared", "sample", "note"), TEXT),
    },
    "paper_products": dict.fromkeys(("product", "shows", "target", "rule", "group", "needs", "engine", "inputs"), TEXT),
    "paper_sentences": dict.fromkeys(("section", "says", "home", "value"), TEXT),
    "quasar_lines": {"name": TEXT, "wavelength": VACUUM, "equivalent_width": "angstrom", "width": "angstrom"},
    "review_labels": dict.fromkeys(("queue", "label", "key", "meaning"), TEXT),
    "sky_lines": {"kind": TEXT, "wavelength": AIR, "strength": NUMBER},
    "spectral_types": {"type": TEXT, "dwarf": "K", "giant": "K"},
    "stellar_colours": {"kind": TEXT, "teff": "K", **dict.fromkeys(("m_g", "bp_rp", "w1_w2", "g_w1"), "mag")},
}
"""Columns of each table, by its name without ``.csv``: `TEXT`, `NUMBER`, or the unit of a column of numbers.

``paper_numbers``, ``paper_products`` and ``paper_sentences`` are of each paper: ``papers/{paper}_numbers.csv`` and
the like.

A cell of a column of numbers may be empty."""

_UNITS = "# units:"


def resource(name: str) -> Path:
    """Path of a file in ``resources/``; an unknown name is an `InputError`."""
    path = ROOT / name
    if not path.is_file():
        raise InputError(f"{path}: a reference table of mstars is missing; is this a whole checkout or installation?")
    return path


def resource_rows(path: str | Path) -> list[dict[str, str]]:
    """Rows of a reference table as text, after a check of its columns, units and numbers.

    Parameters
    ----------
    path : str or Path
        Of `resource`; its name is a key of `TABLES`.

    Raises
    ------
    InputError
        A missing column, a column in another unit, or a value that is no number: names file, column and what is right.
    """
    path = Path(path)
    wanted = TABLES[_kind(path)]
    with open(path, newline="", encoding="utf-8") as handle:
        lines = handle.readlines()
    reader = csv.DictReader(line for line in lines if not line.startswith("#"))
    rows = list(reader)
    if missing := [name for name in wanted if name not in (reader.fieldnames or ())]:
        raise InputError(f"{path}: column {', '.join(missing)} is missing; the columns are {', '.join(wanted)}")
    for number, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise InputError(f"{path}: row {number} has not as many fields as the {len(reader.fieldnames)} columns")
    units = _units(lines)
    for name, unit in wanted.items():
        expected = "" if unit in (TEXT, NUMBER) else unit
        if (said := units.pop(name, "")) != expected:
            raise InputError(
                f"{path}: column {name} is in {said or 'no unit'}, and has to be in {expected or 'none'} "
                f"(comment line '{_UNITS}')"
            )
        if unit != TEXT:
            _check_numbers(path, name, rows)
    if units:
        raise InputError(f"{path}: '{_UNITS}' names {', '.join(units)}, and there is no such column")
    return rows


def resource_table(path: str | Path, **options):
    """A reference table as a `pandas.DataFrame`, checked as by `resource_rows`.

    Parameters
    ----------
    path : str or Path
        Of `resource`.
    **options
        Of `pandas.read_csv`.
    """
    import pandas as pd  # here: every start of Snakemake checks the tables, and needs no pandas for it

    resource_rows(path)
    return pd.read_csv(path, comment="#", **options)


@functools.cache
def check_resources() -> None:
    """Check every reference table; an `InputError` names the file and column that is wrong."""
    for name in TABLES:
        if not name.startswith("paper_"):
            resource_rows(ROOT / f"{name}.csv")
    for path in sorted((ROOT / "papers").iterdir()):
        resource_rows(path)


def paper_lists(kind: str) -> dict[str, Path]:
    """Files ``papers/{paper}_{kind}.csv`` by paper; ``kind`` is ``products`` or ``numbers``."""
    end = f"_{kind}.csv"
    return {path.name.removesuffix(end): path for path in sorted((ROOT / "papers").glob(f"*{end}"))}


def _kind(path: Path) -> str:
    """Key of `TABLES` for a file."""
    return f"paper_{path.stem.rpartition('_')[2]}" if path.parent.name == "papers" else path.stem


def _units(lines: list[str]) -> dict[str, str]:
    """Unit of each column that the comment line of the units names."""
    found: dict[str, str] = {}
    for line in lines:
        if line.startswith(_UNITS):
            pairs = (pair.strip().partition(" ") for pair in line.removeprefix(_UNITS).split(","))
            found |= {name: unit.strip() for name, _, unit in pairs}
    return found


def _check_numbers(path: Path, name: str, rows: list[dict[str, str]]) -> None:
    for number, row in enumerate(rows, start=1):
        try:
            float(row[name] or "nan")
        except ValueError:
            raise InputError(f"{path}: row {number}, column {name}: {row[name]!r} is not a number") from None
