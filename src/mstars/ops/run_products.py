"""The files that the page of a run lists: where each is, and what it is for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mstars.core.resources import paper_lists, resource_rows

PURPOSES = {
    "catalogs/recommended": "start here: one row a spectrum of an M star, with class, velocity, parameters and flags",
    "catalogs/stars": "one row a star: the means of its spectra, and whether its velocity varies",
    "catalogs/non_m": "what is not an M star: its class, and why",
    "catalogs/extension": "more of the same spectra: zero point, band indices, H-alpha, all velocities and errors",
    "catalogs/classification": "one row an input spectrum: where it went, by which network or decision",
    "catalogs/cds/ReadMe": "the catalogues as the CDS and the AAS journals take them: what is in which column",
    "catalogs/cds/recommended": "aligned text for the CDS",
    "catalogs/cds/stars": "aligned text for the CDS",
    "catalogs/cds/non_m": "aligned text for the CDS",
    "catalogs/cds/extension": "aligned text for the CDS",
    "tables/contamination": "how many spectra that no one looked at are not of M stars, from your random check",
    "compare/comparison": "literature catalogues beside this one: differences and their scatter, by S/N",
}
"""What a product is for, by folder and name; those of the papers' lists tell it themselves (``shows``)."""


@dataclass
class Product:
    """A product in one or several formats.

    Attributes
    ----------
    name : str
    purpose : str
    paths : list of tuple
        Format (the ending of the name) and path relative to the page.
    """

    name: str
    purpose: str
    paths: list[tuple[str, str]] = field(default_factory=list)


def shown_by_papers() -> dict[str, str]:
    """What each figure and table of the papers shows, with its number: by target."""
    rows = [row for path in paper_lists("products").values() for row in resource_rows(path)]
    return {row["target"]: _title(row["product"], row["shows"]) for row in rows}


def _title(product: str, shows: str) -> str:
    number = product[3:].lstrip("0")
    kind = {"fig": "Figure", "tab": "Table"}.get(product[:3])
    return f"{kind} {number}: {shows}" if kind and number.isdigit() else shows


def products(files: Iterable[str | Path], folder: Path) -> dict[str, list[Product]]:
    """Products by the folder they are in, in the order given.

    Parameters
    ----------
    files : iterable of path
    folder : Path
        Where the page is.
    """
    shown = shown_by_papers()
    folders: dict[str, dict[str, Product]] = {}
    for path in (PurePosixPath(Path(file).relative_to(folder)) for file in files):
        target = str(path.with_suffix(""))
        purpose = PURPOSES.get(target) or shown.get(target, "")
        known = folders.setdefault(str(path.parent), {})
        known.setdefault(target, Product(path.stem, purpose)).paths.append(
            (path.suffix.lstrip(".") or "text", str(path))
        )
    return {place: list(known.values()) for place, known in folders.items()}
