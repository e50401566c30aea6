"""Every flag column has one list of bits, and all that is said of the bits comes from it."""

import numpy as np
import pandas as pd
import pytest

from mstars.catalog.columns import all_columns, columns_markdown
from mstars.core.flags import FLAG_COLUMNS, AspcapFlag, EngineFlag, FlagBits, LineFlag, TemplateFlag
from mstars.spectra.ormask import OrMask

CLASSES = (*dict.fromkeys(FLAG_COLUMNS.values()), OrMask)


@pytest.mark.parametrize("bits", CLASSES, ids=lambda bits: bits.__name__)
def test_every_bit_is_one_power_of_two_with_a_meaning_of_its_own(bits):
    values = [int(bit) for bit in bits]
    assert all(value > 0 and value & (value - 1) == 0 for value in values) and len(set(values)) == len(values)
    assert all(bit.meaning for bit in bits) and len({bit.meaning for bit in bits}) == len(values)
    assert bits.all_bits() == sum(values)


def test_bits_that_stand_in_files_keep_their_values():
    assert [int(bit) for bit in TemplateFlag] == [1, 2, 4, 8, 16, 32]
    assert [bit.key for bit in LineFlag] == [
        "few_lines",
        "inconsistent",
        "not_measured",
        "no_halpha_or_ca",
        "halpha_alone",
    ]
    assert {bit.key: int(bit) for bit in EngineFlag}["unlike_training"] == 64
    assert AspcapFlag.STAR_BAD == 1 << 23 and AspcapFlag.TEFF_BAD == 1 << 16
    assert [bit.name for bit in OrMask] == ["BADCCD", "BADPROFILE", "NOSKY", "BRIGHTSKY", "BADCENTER", "NODATA"]


def test_bits_work_on_arrays_and_tables():
    values = np.array([0, 1, 3, 18], np.int32)
    for column in (values, pd.Series(values)):
        assert (column & TemplateFlag.TWO_MINIMA > 0).tolist() == [False, False, True, True]
        assert (column | TemplateFlag.EDGE).tolist() == [1, 1, 3, 19]
        assert (column & ~TemplateFlag.NOT_MEASURED).tolist() == [0, 1, 3, 2]
    assert TemplateFlag.keys(18) == ["two_minima", "not_measured"] and TemplateFlag.keys(0) == []


def test_what_is_said_of_a_bit_follows_its_meaning(monkeypatch):
    class Other(FlagBits):
        """Bits of a test."""

        FIRST = 1, "the first"
        SECOND = 4, "the second", "and last"

    monkeypatch.setitem(FLAG_COLUMNS, "flag", Other)
    described = [column.description for column in all_columns() if column.name == "engine_flag"]
    assert described == ["Bits of the parameter engine: 1 the first, 4 the second"]
    assert "### Other\n\nBits of a test.\n\n| bit | name | meaning |\n" in columns_markdown()
    assert "| 4 | `second` | the second; and last |" in columns_markdown()
