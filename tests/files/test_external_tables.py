"""Tables of others in every format."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, Table
from made_sky import gaia_table

from mstars.core.errors import InputError
from mstars.files.external_tables import read_external
from mstars.sky.allwise import ALLWISE
from mstars.sky.gaia import DISTANCES, GAIA


@pytest.mark.parametrize("ending", ["fits", "fits.gz", "csv", "csv.gz", "parquet", "vot"])
def test_formats_and_spellings_give_the_same_table(tmp_path, ending):
    identifiers = [5853498713190525696, 4472832130942575872]
    table = pd.DataFrame({"Source": identifiers, "rgeo": [1.5, np.nan], "b_rgeo": [1.0, 2.0], "B_rgeo": [3.0, 4.0]})
    path = tmp_path / f"distances.{ending}"
    if ending == "parquet":
        table.to_parquet(path)
    elif ending.startswith("csv"):
        table.to_csv(path, index=False, sep="|" if ending == "csv" else ",")
    else:
        Table.from_pandas(table).write(path, format="votable" if ending == "vot" else None)
    read = read_external(path, DISTANCES, "external.distances")
    assert read["source_id"].tolist() == identifiers
    assert read["source_id"].dtype == "Int64"
    assert read["r_med_geo"][0] == 1.5
    assert np.isnan(read["r_med_geo"][1])
    assert read["r_lo_geo"].tolist() == [1.0, 2.0]
    assert read["r_hi_geo"].tolist() == [3.0, 4.0]


def test_fits_nulls_become_null(tmp_path):
    table = Table({"source_id": MaskedColumn([1, 2], mask=[False, True]), "r_med_geo": [1.0, 2.0]})
    table.write(tmp_path / "t.fits")
    assert read_external(tmp_path / "t.fits", DISTANCES, "k")["source_id"].isna().tolist() == [False, True]


def test_a_missing_column_is_named_with_what_is_close(tmp_path):
    gaia_table([1.0], [1.0]).rename(columns={"ruwe": "ruwee"}).to_csv(tmp_path / "g.csv", index=False)
    with pytest.raises(InputError, match=r"external.gaia: .*g.csv: no column 'ruwe' or 'RUWE'; close to it: ruwee"):
        read_external(tmp_path / "g.csv", GAIA, "external.gaia")


def test_identifiers_that_lost_digits_are_refused(tmp_path):
    pd.DataFrame({"source_id": [5.6e17], "r_med_geo": [1.0]}).to_parquet(tmp_path / "d.parquet")
    (tmp_path / "d.csv").write_text("source_id,r_med_geo\n5.64638120384154E+017,1\n")
    for name in ("d.parquet", "d.csv"):
        with pytest.raises(InputError, match="lost digits"):
            read_external(tmp_path / name, DISTANCES, "external.distances")


def test_broken_and_unknown_files_are_refused(tmp_path):
    (tmp_path / "a.fits").write_bytes(b"no fits at all")
    (tmp_path / "a.dat").write_text("x")
    (tmp_path / "a.csv").write_text("source_id,r_med_geo\n1,far\n")
    for name, message in {"a.fits": "not readable", "a.dat": "known endings", "a.csv": "'r_med_geo'"}.items():
        with pytest.raises(InputError, match=message):
            read_external(tmp_path / name, DISTANCES, "external.distances")
    with pytest.raises(InputError, match="no such file"):
        read_external(tmp_path / "none.fits", ALLWISE, "external.allwise")
