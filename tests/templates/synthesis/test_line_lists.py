"""Line lists of molecules."""

import gzip

import pytest

from mstars.core.errors import InputError
from mstars.templates.synthesis.line_lists import convert_lines, species_code


def test_codes_of_isotopes():
    assert species_code("822.01648") == "822.016048"  # 16-O 48-Ti
    assert species_code("607.01214") == "607.012014"  # 12-C 14-N
    assert species_code("126.0") == "126.000000"
    for wrong in ("822", "26.1", "822.0164", "TiO"):
        with pytest.raises(InputError, match="not a molecule"):
            species_code(wrong)


def write(path, *lines):
    with gzip.open(path, "wt") as out:
        out.writelines(f"{line}\n" for line in lines)
    return path


def test_lines_keep_their_numbers_by_isotope(tmp_path):
    source = write(
        tmp_path / "moog.gz",
        "  5000.000 822.01648     0.100    -1.000               6.870    PLEZ",
        "  7054.123 822.01648     0.093    -0.256               6.870    PLEZ",
        "  7054.200 822.01646     0.093     0.110               6.870    PLEZ",
        "  7088.500 822.01648     1.500   -11.250               6.870    PLEZ",
    )
    assert convert_lines(source, tmp_path / "ts.list", "TiO") == 3
    lines = (tmp_path / "ts.list").read_text().splitlines()
    assert lines[0].split() == ["'822.016048", "'", "1", "2"] and lines[1] == "'TiO'"
    assert [float(value) for value in lines[2].split()[:3]] == [7054.123, 0.093, -0.256]
    assert [float(value) for value in lines[3].split()[:3]] == [7088.5, 1.5, -11.25]
    assert lines[4].startswith("'822.016046") and len(lines) == 7


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="line 2 is not a spectral line"):
        convert_lines(write(tmp_path / "a.gz", "7000.0 126.0 0.1 -1.0", "lambda code"), tmp_path / "x", "FeH")
    with pytest.raises(InputError, match="no lines between"):
        convert_lines(write(tmp_path / "b.gz", "5000.0 126.0 0.1 -1.0"), tmp_path / "x", "FeH")
    assert not (tmp_path / "x").exists()
