"""Descriptions of literature catalogues that are fetched with columns known to us."""

from __future__ import annotations

from pathlib import Path

import yaml

from mstars.files.whole import atomic_path

DESCRIPTIONS = {
    "starhorse": {
        "title": "StarHorse",
        "reference": "Anders et al. 2022",
        "match": {"column": "source_id", "to": "source_id"},
        "columns": {"teff": "teff50", "logg": "logg50", "m_h": "met50"},
    },
    "aspcap_dr17": {
        "title": "ASPCAP DR17",
        "reference": "Abdurro'uf et al. 2022",
        "match": {"ra": "RA", "dec": "DEC", "arcsec": 3},
        "columns": {"teff": "TEFF", "logg": "LOGG", "m_h": "M_H", "alpha_m": "ALPHA_M"},
    },
}
"""By name, without the file: keys of `mstars.literature.catalogues.read_description`."""


def write_description(name: str, table: str | Path, path: str | Path) -> None:
    """Write the YAML description of a fetched table into the table's folder."""
    with atomic_path(path) as temporary:
        text = {"name": name, "file": Path(table).name, **DESCRIPTIONS[name]}
        temporary.write_text(yaml.safe_dump(text, sort_keys=False))
