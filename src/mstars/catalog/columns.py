"""The one description of the catalogues' columns, ``resources/catalog_columns.csv``, and what is made from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mstars.core.flags import FLAG_COLUMNS
from mstars.core.missing import MISSING
from mstars.core.resources import resource, resource_rows
from mstars.spectra.ormask import OrMask

PRODUCTS = {
    "recommended": "The recommended catalogue: spectra of M stars (Table 9 of the paper)",
    "non_m": "Spectra of the input catalogue that are not of M stars, with the reason",
    "extension": "Beyond the paper: band indices, H alpha, subtype and metallicity class of the recommended spectra",
    "stars": "The recommended catalogue a star a row: repeats combined, weighted by their errors",
}
"""The catalogues, and what each holds."""

INTEGERS = {"int16": "Int16", "int32": "Int32", "int64": "Int64"}
"""For each whole-number type of the column file the nullable type of pandas."""


_BITS = "{bits}"


@dataclass(frozen=True)
class ProductColumn:
    """A column of a catalogue: a row of the column file.

    Attributes
    ----------
    name : str
        In the catalogue.
    source : str
        In the tables between rules.
    dtype : str
        int16, int32, int64, float32, float64 or str.
    unit, ucd : str
        Empty where there is none.
    null : str
        Value that stands for a missing whole number in FITS.
    products : tuple of str
        Keys of `PRODUCTS`, and ``files`` for a column that only surveys from a folder of files have.
    table9 : bool
        Whether the paper's Table 9 has the column.
    description : str
        For people, and for the files' metadata.
    """

    name: str
    source: str
    dtype: str
    unit: str
    ucd: str
    null: str
    products: tuple[str, ...]
    table9: bool
    description: str


def product_columns(product: str, *, with_filename: bool = False) -> list[ProductColumn]:
    """Columns of a catalogue, in order.

    Parameters
    ----------
    product : str
        A key of `PRODUCTS`.
    with_filename : bool
        Whether the survey is a folder of files: then some columns more.
    """
    wanted = [column for column in all_columns() if product in column.products]
    return [column for column in wanted if with_filename or "files" not in column.products]


def all_columns() -> list[ProductColumn]:
    """Every row of the column file."""
    return [_product_column(row) for row in resource_rows(resource("catalog_columns.csv"))]


def _product_column(row: dict) -> ProductColumn:
    about = row["description"]
    if _BITS in about:
        about = about.replace(_BITS, FLAG_COLUMNS[row["source"]].meanings())
    changed = {"products": tuple(row["products"].split()), "table9": row["table9"] == "yes", "description": about}
    return ProductColumn(**row | changed)


def product_table(table: pd.DataFrame, columns: list[ProductColumn]) -> pd.DataFrame:
    """A catalogue's rows with its names and types.

    Parameters
    ----------
    table : pandas.DataFrame, [n]
        With the ``source`` of every column.
    columns : list of ProductColumn

    Returns
    -------
    pandas.DataFrame, [n]
        Sorted by the first column. Types are float32 and float64 (missing: NaN), Int16 to Int64 (missing: NA) and str
        (missing: '').
    """
    first = columns[0].source
    order = table[[first]].reset_index(drop=True).sort_values(first, kind="stable").index
    # column by column: the whole table is not held in another order
    made = {column.name: _cast(table[column.source].take(order).reset_index(drop=True), column) for column in columns}
    return pd.DataFrame(made, copy=False)


def _cast(values: pd.Series, column: ProductColumn) -> pd.Series:
    if column.dtype == "str":
        return values.astype(object).where(values.notna(), "").astype(str).astype("str")
    if column.dtype in INTEGERS:
        return values.astype("Int64").astype(INTEGERS[column.dtype])
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(np.where(numbers == MISSING, np.nan, numbers).astype(column.dtype))


def columns_markdown() -> str:
    """The column file as documentation."""
    parts = [_PREFACE]
    for product, meaning in PRODUCTS.items():
        parts += [f"## {product}\n", f"{meaning}.\n"]
        parts += ["| column | type | unit | null | Table 9 | description |", "|---" * 6 + "|"]
        parts += [_markdown_row(column) for column in product_columns(product, with_filename=True)]
        parts.append("")
    parts += [_CLASSIFICATION, "| column | description |", "|---|---|"]
    parts += [f"| {names} | {meaning} |" for names, meaning in _CLASSIFICATION_COLUMNS.items()]
    parts += [_FLAGS]
    for bits in dict.fromkeys((*FLAG_COLUMNS.values(), OrMask)):
        parts += [f"### {bits.__name__}\n", f"{bits.__doc__.strip()}\n".replace("``", "`"), bits.markdown(), ""]
    parts.pop()
    return "\n".join(parts) + "\n"


def _markdown_row(column: ProductColumn) -> str:
    more = " (only where the survey is a folder of files)" if "files" in column.products else ""
    known = "yes" if column.table9 else ""
    null = column.null or "empty"
    cells = [f"`{column.name}`", column.dtype, column.unit, null, known, column.description + more]
    return "| " + " | ".join(cells) + " |"


_PREFACE = """# Columns of the catalogues

Made from `resources/catalog_columns.csv` by `python -m mstars.catalog > docs/columns.md`; change that file.

All but the last are written as FITS, VOTable, CSV and Parquet with the same content. No value: NaN or the null of the
column in FITS, null in VOTable and Parquet, an empty field in CSV; text without a value is empty. Logarithmic
quantities are in dex, which neither the FITS nor the VOUnit standard knows: those files say it in the description.
Rows are in the order of the first column.
"""
_CLASSIFICATION = """## classification.parquet

A row for every input spectrum, the rejected ones too: as many rows as input files or catalogue rows.
"""
_FLAGS = """
## Bits of the flag columns

Made from `mstars.core.flags` and `mstars.spectra.ormask`.
"""
_CLASSIFICATION_COLUMNS = {
    "`spectrum_key`, `filename`, `obsid`, `plate`": "which spectrum; a rejected file may have no key, and a repeat "
    "has the key of the file that was used",
    "`spt_class`, `spt_prob`": "class and probability of CNN-SPT",
    "`wdm_class`, `wdm_prob`": "class and probability of CNN-WDM",
    "`dmgm_class`, `dmgm_prob`": "class and probability of CNN-dMgM; none where the spectrum left before",
    "`cmd_pos`": "dM, gM, other, or empty, as `CMD_pos`",
    "`candidate_reasons`": "who put it into a review queue, `;` between: of SCM spt, wdm, cmd, ood, zro (not "
    "an M star), unseen (CNN-SPT has no vote), of DGCM dgcm:lamost, dgcm:cnn, dgcm:cmd (a giant)",
    "`review_status`": "reviewed, provisional, or empty for what was never a candidate",
    "`final_class`": "dM or gM (in `recommended`), what it is instead (in `non_m`), or rejected (in "
    "`ingest/rejected.parquet`, with the reason)",
}
