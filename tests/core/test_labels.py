"""The labels stand in one place."""

import re
from pathlib import Path

from mstars.core.labels import APOGEE_COLUMNS, LABELS, STELLAR_LABELS, UNITS

ROOT = Path(__file__).resolve().parents[2]


def test_names_units_and_columns_are_of_the_same_labels():
    assert LABELS == ("teff", "logg", "m_h", "alpha_m")
    assert UNITS == {"teff": "K", "logg": "dex", "m_h": "dex", "alpha_m": "dex"}
    assert list(APOGEE_COLUMNS) == list(LABELS)
    assert [label.head for label in STELLAR_LABELS][2] == "[M/H] (dex)"


def test_no_other_module_lists_the_labels():
    listed = re.compile(r'"teff",\s*"logg",\s*"m_h",\s*"alpha_m"|"TEFF",\s*"LOGG",\s*"M_H",\s*"ALPHA_M"')
    places = [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.py"), *(ROOT / "workflow").rglob("*.smk")]
    assert [path.name for path in places if listed.search(path.read_text())] == []
