"""What a config asks of archives: names of files and tables. Each start of Snakemake reads this; it fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mstars.core.config.archives import VizierTables
from mstars.core.errors import InputError

FILES = {"apogee": "allStar.fits", "apogee_dr17": "allStar-dr17.fits", "dust_map": "bayestar2019.h5"}
"""Files that come whole, by the names of ``acquire.fetch``: their names in the folder ``archives`` of the results."""


def part_names(parts: int) -> list[str]:
    """Names of all parts."""
    return [f"{number:0{len(str(parts - 1))}d}" for number in range(parts)]


def catalogue_files(names: Mapping[str, str | None]) -> dict[str, str | None]:
    """Files of the catalogues in section ``acquire.lamost``, by m_catalog, general_catalog and so on."""
    return {name: file for name, file in names.items() if name.endswith("_catalog")}


def fetched_release(names: Mapping[str, str | None], folder: str) -> dict[str, str]:
    """Paths of a release that is fetched, by the names of the config's section ``release``.

    Parameters
    ----------
    names : mapping of str to str or None
        Section ``acquire.lamost``: files of the catalogues by m_catalog, general_catalog and so on.
    folder : str
        Where all of it goes.
    """
    files = {name: f"{folder}/{file}" for name, file in catalogue_files(names).items() if file}
    return {"spectra": f"{folder}/fits", **files}


def vizier_file(identifier: str) -> str:
    """Name of the file of a table of VizieR, without its ending."""
    return identifier.replace("/", "_")


def vizier_url(url: str, identifier: str, columns: Sequence[str] = ()) -> str:
    """Address of a whole table of VizieR as text, with some columns or all."""
    chosen = "".join(f"&-out={quote(name, safe='')}" for name in columns) or "&-out.all"
    return f"{url}?-source={quote(identifier, safe='/+')}&-out.max=unlimited{chosen}"


BINARIES_COLUMNS = ("Source1", "Source2", "R", "sepAU", "theta")
"""What is fetched of the 217 columns of El-Badry et al. (2021): sources, chance of alignment, separations."""


@dataclass(frozen=True)
class VizierTable:
    """A table of VizieR to fetch: its identifier, the columns (none: all), and the name of the work in the config."""

    identifier: str
    columns: tuple[str, ...] = ()
    name: str = ""


COMPARED = {"binaries": "binaries", "occam": "cluster_metallicities"}
"""Keys of section ``compare`` that a fetched work stands for where they name no file that is there."""


def vizier_tables(settings: Mapping, compare: Mapping) -> list[VizierTable]:
    """Tables of VizieR to fetch: works by their names, unless a local file is there for them, and identifiers.

    Parameters
    ----------
    settings, compare : mapping
        Sections ``acquire`` and ``compare`` of the config.

    Raises
    ------
    InputError
        No identifier of a work is known: which paper to look for, and the key that takes it.
    """
    found = []
    for name, identifier in settings["identifiers"].items():
        local = compare[COMPARED[name]] if name in COMPARED else None
        if name not in settings["fetch"] or (local and Path(local).expanduser().exists()):
            continue
        if identifier is None:
            raise InputError(
                f"acquire.fetch: {name}: its identifier in VizieR is not known to mstars. Look for {paper_of(name)} at "
                f"vizier.cds.unistra.fr and give acquire.identifiers.{name} the name of its table, as "
                "J/ApJS/275/8/table2; where VizieR has none, describe a file of yours in compare.catalogs "
                "(docs/methods/compare.md)"
            )
        found.append(VizierTable(identifier, BINARIES_COLUMNS if name == "binaries" else (), name))
    return found + [VizierTable(identifier) for identifier in settings["vizier"]]


def paper_of(name: str) -> str:
    """Which paper a work of ``acquire.identifiers`` is of."""
    return VizierTables.model_fields[name].description
