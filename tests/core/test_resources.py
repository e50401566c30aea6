"""Reference tables are checked: columns, units, numbers."""

import shutil

import pytest

from mstars.core import resources
from mstars.core.bands import photometric_bands
from mstars.core.errors import InputError
from mstars.core.resources import ROOT, TABLES, check_resources, resource_rows, resource_table


@pytest.fixture
def copies(tmp_path, monkeypatch):
    """A copy of the reference tables, in place of them."""
    folder = tmp_path / "resources"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns("*.zip", "*.gz"))
    monkeypatch.setattr(resources, "ROOT", folder)
    check_resources.cache_clear()
    yield folder
    check_resources.cache_clear()


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_every_table_is_described_and_sound():
    of_papers = {f"paper_{path.stem.split('_')[1]}" for path in ROOT.glob("papers/*.csv")}
    assert {path.stem for path in ROOT.glob("*.csv")} | of_papers == set(TABLES)
    check_resources()


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.csv")), ids=lambda path: path.stem)
def test_rows_and_table_hold_the_same(path):
    rows, table = resource_rows(path), resource_table(path, dtype=str, keep_default_na=False)
    assert len(rows) == len(table) > 0 and list(rows[0]) == list(table.columns)


def test_a_missing_column_is_named_with_its_file(copies):
    edit(copies / "lines.csv", "set,line,wavelength", "set,line,lambda")
    with pytest.raises(InputError, match=r"lines\.csv: column wavelength is missing; the columns are set, line, wave"):
        check_resources()


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("lines.csv", "angstrom (vacuum)", "nm", "column wavelength is in nm, and has to be in angstrom \\(vacuum\\)"),
        (
            "lines.csv",
            "angstrom (vacuum)",
            "angstrom (air)",
            "column wavelength is in angstrom \\(air\\), and has to be",
        ),
        ("bands.csv", "# units:", "# uints:", "column lower is in no unit, and has to be in angstrom"),
        ("bands.csv", "upper angstrom", "uper angstrom", "column upper is in no unit, and has to be in angstrom"),
        ("lines.csv", "7667.0089", "7667,0089", "row 1 has not as many fields as the 3 columns"),
        ("papers/li2025_numbers.csv", ",876134,", ",many,", "row 1, column paper: 'many' is not a number"),
        ("sky_lines.csv", "5577.3,25.0", "5577.3,strong", "row 3, column strength: 'strong' is not a number"),
    ],
)
def test_a_wrong_unit_or_number_is_named_with_file_and_column(copies, file, old, new, said):
    edit(copies / file, old, new)
    with pytest.raises(InputError, match=f"{file}: .*{said}"):
        check_resources()


def test_a_table_is_checked_where_it_is_read(copies):
    edit(copies / "bands.csv", "# units: lower angstrom", "# units: lower nm")
    photometric_bands.cache_clear()
    with pytest.raises(InputError, match="column lower is in nm"):
        photometric_bands()
