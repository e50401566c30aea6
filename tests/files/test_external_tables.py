"""Tables of others in every format."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
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
    (tmp_path / "a.docx").write_text("x")
    (tmp_path / "a.csv").write_text("source_id,r_med_geo\n1,far\n")
    for name, message in {"a.fits": "not readable", "a.docx": "known endings", "a.csv": "'r_med_geo'"}.items():
        with pytest.raises(InputError, match=message):
            read_external(tmp_path / name, DISTANCES, "external.distances")
    with pytest.raises(InputError, match="no such file"):
        read_external(tmp_path / "none.fits", ALLWISE, "external.allwise")


def gaia_like(tmp_path, name, pm, unit, *, angle="deg", ra=10.0, dec=5.0):
    """A Gaia table with units, one row."""
    table = Table(gaia_table([ra], [dec], pmra=[pm], pmdec=[-pm]).to_dict("list"))
    for column, told in {"ra": angle, "dec": angle, "pmra": unit, "pmdec": unit}.items():
        table[column].unit = told
    path = tmp_path / name
    if name.endswith(".csv"):
        units = [str(column.unit or "") for column in table.columns.values()]
        rows = [table.colnames, units, [str(table[column][0]) for column in table.colnames]]
        path.write_text("\n".join(map(",".join, rows)) + "\n")
    else:
        table.write(path, format="votable" if name.endswith(".vot") else None, overwrite=True)
    return path


@pytest.mark.parametrize("name", ["g.fits", "g.vot", "g.csv", "g.ecsv"])
@pytest.mark.parametrize(
    ("pm", "unit", "factor"), [(0.25, "arcsec/yr", 1000), (250.0, "mas/yr", 1), (1e-6, "rad/yr", 206264806.247)]
)
def test_proper_motions_of_every_unit_are_converted(tmp_path, name, pm, unit, factor):
    read = read_external(gaia_like(tmp_path, name, pm, unit), GAIA, "external.gaia")
    np.testing.assert_allclose(read.loc[0, ["pmra", "pmdec"]].astype(float), [pm * factor, -pm * factor], rtol=1e-9)
    assert read["ra"][0] == 10.0


@pytest.mark.parametrize("name", ["g.fits", "g.vot", "g.csv"])
def test_places_in_radians_are_converted_and_wrong_units_refused(tmp_path, name):
    path = gaia_like(tmp_path, name, 1.0, "mas/yr", angle="rad", ra=np.radians(200.0), dec=np.radians(-20.0))
    read = read_external(path, GAIA, "external.gaia")
    np.testing.assert_allclose(read.loc[0, ["ra", "dec"]].astype(float), [200.0, -20.0])
    with pytest.raises(InputError, match="column 'pmra' is in 'km.*', which can't be converted to mas/yr"):
        read_external(gaia_like(tmp_path, name, 1.0, "km/s"), GAIA, "external.gaia")


def test_vizier_tsv_with_sexagesimal_places_is_read(tmp_path):
    (tmp_path / "w.tsv").write_text(
        "#RESOURCE=yCat_2328\n#INFO a, b\n\nRAJ2000\tDEJ2000\tAllWISE\tW1mag\te_W1mag\tW2mag\te_W2mag\n"
        '"h:m:s"\t"d:m:s"\t \tmag\tmag\tmag\tmag\n---\t---\t---\t---\t---\t---\t---\n'
        "02 51 54.0\t-00 30 36.0\tJ0251#1\t10.1\t0.02\t 9.9\t0.03\n02 51 54.0\t-00 30 36.0\tJ0251#2\t10.1\t\t 9.9\t \n"
    )
    read = read_external(tmp_path / "w.tsv", ALLWISE, "external.allwise")
    np.testing.assert_allclose(read[["ra", "dec"]], [[42.975, -0.51]] * 2)
    assert read["designation"].tolist() == ["J0251#1", "J0251#2"]
    assert read["w1sigmpro"].isna().tolist() == [False, True]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.fits", "a.vot"])
def test_a_column_that_stands_there_twice_is_refused_where_it_is_needed(tmp_path, name):
    path = tmp_path / name
    other = {"r_med_geo": [1.0], "source_id": [5], "note": ["x"]}
    if name.endswith("sv"):
        path.write_text("source_id,r_med_geo,note,note\n5,1.0,x,y\n".replace(",", "," if name == "a.csv" else "\t"))
        assert len(read_external(path, DISTANCES, "external.distances")) == 1
        path.write_text(path.read_text().replace("note", "r_med_geo", 1))
    elif name == "a.fits":
        columns = [fits.Column(key, "D", array=[1.0]) for key in ("r_med_geo", "source_id", "r_med_ge0")]
        fits.BinTableHDU.from_columns(columns).writeto(path)
        path.write_bytes(path.read_bytes().replace(b"r_med_ge0", b"r_med_geo"))
    else:
        Table(other | {"r_med_ge0": [2.0]}).write(path, format="votable")
        path.write_text(path.read_text().replace("r_med_ge0", "r_med_geo"))
    with pytest.raises(InputError, match="external.distances: .*column 'r_med_geo' stands there twice"):
        read_external(path, DISTANCES, "external.distances")


def test_a_hash_within_a_name_does_not_end_the_row(tmp_path):
    table = gaia_table(np.arange(13.0), np.zeros(13)).assign(name=[f"star #{number}" for number in range(13)])
    table[["name", *table.columns[:-1]]].to_csv(tmp_path / "g.csv", index=False)
    assert len(read_external(tmp_path / "g.csv", GAIA, "external.gaia")) == 13


def test_a_trailing_comma_does_not_shift_the_columns(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("source_id,r_med_geo,r_lo_geo\n12,100,90,\n13,200,180,\n")
    read = read_external(path, DISTANCES, "external.distances")
    assert read["source_id"].tolist() == [12, 13] and read["r_lo_geo"].tolist() == [90, 180]
    path.write_text("source_id,r_med_geo\n12,100\n13,200,7\n14\n")
    with pytest.raises(InputError, match="d.csv: row 2: 3 fields, the header has 2"):
        read_external(path, DISTANCES, "external.distances")


def test_masked_identifiers_are_null(tmp_path):
    table = Table({"source_id": MaskedColumn([5, 6], mask=[False, True]), "r_med_geo": MaskedColumn([1.0, 2.0])})
    table["r_med_geo"].mask = [True, False]
    for name in ("t.fits", "t.vot"):
        table.write(tmp_path / name, format="votable" if name == "t.vot" else None)
        read = read_external(tmp_path / name, DISTANCES, "k")
        assert read["source_id"].isna().tolist() == [False, True] and read["source_id"][0] == 5
        assert read["r_med_geo"].isna().tolist() == [True, False]


def test_what_is_no_number_or_identifier_names_column_and_row(tmp_path):
    path = tmp_path / "d.csv"
    for cell, message in {
        "5,far": "column 'r_med_geo', row 2: 'far' is no number",
        "99999999999999999999,1": "column 'source_id', row 2: '99999999999999999999' is no integer of 64 bits",
        "1.5,1": "column 'source_id', row 2: '1.5' is no integer",
    }.items():
        path.write_text(f"source_id,r_med_geo\n1,1\n{cell}\n")
        with pytest.raises(InputError, match=message):
            read_external(path, DISTANCES, "external.distances")
    path.write_text("source_id;r_med_geo\n1;1,5\n-9999;2\n")  # a spreadsheet of continental Europe
    read = read_external(path, DISTANCES, "external.distances")
    assert read["r_med_geo"].tolist() == [1.5, 2.0] and read["source_id"].isna().tolist() == [False, True]
