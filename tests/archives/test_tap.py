"""Gaia, its distances and AllWISE from a real TAP service, on which the tables of a simulated survey are."""

import os

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table as FitsTable
from dachs import Dachs, DachsError, missing
from faulty_server import FaultyServer
from made_archives import demo_archives

from mstars.archives.sky import allwise_near, gaia_near
from mstars.archives.starhorse import starhorse_of
from mstars.archives.tap import Patience, Table
from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.files.tables import read_table, write_table
from mstars.lamost.catalogs import read_catalog
from mstars.literature.catalogues import read_catalogue, read_description
from mstars.ops.model_source import MODELS_IN_THE_BOX
from mstars.sky.allwise import match_allwise
from mstars.sky.gaia import match_gaia

SETTINGS = filled({})["crossmatch"]
QUICK = Patience(seconds=60.0, poll=0.2)
FILES = {"gaia": "gaia_dr3", "distances": "bailer_jones", "allwise": "allwise"}
TARGETS = [f"results/dr/crossmatch/{name}.parquet" for name in ("gaia", "allwise", "apogee", "photometry")]
FETCHED = ["starhorse", "aspcap_dr17"]
if os.environ.get("MSTARS_WHOLE_SURVEY"):  # minutes more: to the catalogue, by the models that come with mstars
    TARGETS += [f"results/dr/catalogs/recommended.{ending}" for ending in ("parquet", "fits", "csv", "vot")]


@pytest.fixture(scope="session")
def dachs(simulated):
    """The service; without root or Debian's packages the tests skip and say why."""
    if reason := missing():
        pytest.skip(reason)
    read = {name: FitsTable.read(simulated / "catalogs" / f"{of}.fits") for name, of in FILES.items()}
    for table in read.values():
        table.convert_bytestring_to_unicode()
    tables = {name: table.to_pandas() for name, table in read.items()}
    tables["misspelt"] = tables["gaia"].head(100).rename(columns={"ruwe": "ruwee"})
    tables["starhorse"] = made_starhorse(tables["gaia"]["source_id"])
    try:
        with Dachs(tables) as service:
            yield service
    except DachsError as error:
        pytest.skip(f"DaCHS does not come up on this machine: {error}")


def made_starhorse(source_ids):
    """StarHorse's values of two in three stars, in VizieR's spelling."""
    table = pd.DataFrame({"source": source_ids[source_ids.index % 3 > 0].to_numpy()})
    number = table.index.to_numpy(float)
    for name, value in {"teff50": 3000 + number, "logg50": 5 - number / 1e4, "met50": -number / 1e4}.items():
        table[name] = value
    return table.assign(
        teff16=table["teff50"] - 80, teff84=table["teff50"] + 80, dist50=0.5, av50=0.1, sh_outflag="0000"
    )


@pytest.fixture(scope="session")
def spectra(simulated):
    return read_catalog(simulated / "catalogs" / "lamost_m.fits.gz")[0]


@pytest.fixture
def gaia_tables(dachs):
    return [Table(dachs.url, "mstarstest.gaia", "mstarstest.distances")]


def same(tmp_path, one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    write_table(one, tmp_path / "one")
    write_table(other, tmp_path / "other")
    return (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.archives
def test_sources_by_tap_match_as_those_of_the_local_files_do(dachs, spectra, simulated, tmp_path, gaia_tables):
    rows, table = gaia_near(spectra, gaia_tables, SETTINGS, QUICK)
    assert table.url == dachs.url and 0 < len(rows) and rows["r_med_geo"].notna().any()
    write_table(rows, tmp_path / "gaia.parquet")
    ours = match_gaia(spectra, tmp_path / "gaia.parquet", None, SETTINGS)
    files = {name: simulated / "catalogs" / f"{of}.fits" for name, of in FILES.items()}
    local = match_gaia(spectra, files["gaia"], files["distances"], SETTINGS)
    assert local["source_id"].notna().sum() > 100 and same(tmp_path, ours, local)
    rows, _ = allwise_near(spectra, local, [Table(dachs.url, "mstarstest.allwise")], SETTINGS, QUICK)
    write_table(rows, tmp_path / "allwise.parquet")
    ours = match_allwise(spectra, local, tmp_path / "allwise.parquet", SETTINGS)
    assert same(tmp_path, ours, match_allwise(spectra, local, files["allwise"], SETTINGS))


@pytest.mark.archives
def test_an_answer_that_is_cut_off_is_asked_for_in_halves(spectra, gaia_tables, caplog):
    whole, _ = gaia_near(spectra.head(100), gaia_tables, SETTINGS, QUICK)
    assert len(whole) > 60
    caplog.set_level("INFO")
    parts, _ = gaia_near(spectra.head(100), gaia_tables, SETTINGS, Patience(60.0, 0.2, rows=60))
    pd.testing.assert_frame_equal(parts, whole)
    assert "cut off at the service's row limit; asked again in halves" in caplog.text
    small, _ = gaia_near(spectra.head(100), gaia_tables, SETTINGS, Patience(60.0, 0.2, 40))
    pd.testing.assert_frame_equal(small, whole)


@pytest.mark.archives
def test_an_upload_that_is_too_large_for_the_service_is_sent_in_halves(spectra, gaia_tables, caplog):
    few = spectra.head(300)
    expected, _ = gaia_near(few, gaia_tables, SETTINGS, Patience(60.0, 0.2, 50))
    many = pd.concat([few] * 4, ignore_index=True)
    many["ra"] += np.repeat(np.arange(4) * 1e-9, len(few))  # other places, the same stars
    caplog.set_level("INFO")
    found, _ = gaia_near(many, gaia_tables, SETTINGS, QUICK)
    pd.testing.assert_frame_equal(found, expected)
    assert "1200 places: " in caplog.text and "asked again in halves" in caplog.text


@pytest.mark.archives
def test_a_job_that_never_ends_is_aborted_and_said(spectra, gaia_tables):
    with pytest.raises(
        InputError, match="acquire.gaia: no service answered; .*no answer within 0 s, aborted.*run again"
    ):
        gaia_near(spectra.head(20), gaia_tables, SETTINGS, Patience(0.0, 0.0))


@pytest.mark.archives
def test_a_table_without_a_column_is_named_with_the_nearest_and_a_mirror_is_asked(spectra, dachs, gaia_tables):
    wrong = Table(dachs.url, "mstarstest.allwise")
    with pytest.raises(InputError, match="mstarstest.allwise: no column 'source_id'"):
        gaia_near(spectra.head(20), [wrong], SETTINGS, QUICK)
    with pytest.raises(InputError, match="the service has no table mstarstest.nothing"):
        gaia_near(spectra.head(20), [Table(dachs.url, "mstarstest.nothing")], SETTINGS, QUICK)
    misspelt = Table(dachs.url, "mstarstest.misspelt")
    with pytest.raises(InputError, match="no column 'ruwe' or 'RUWE'; close to it: ruwee"):
        gaia_near(spectra.head(20), [misspelt], SETTINGS, QUICK)
    _, table = gaia_near(spectra.head(20), [wrong, misspelt, *gaia_tables], SETTINGS, QUICK)
    assert table == gaia_tables[0]


@pytest.mark.archives
def test_places_without_sources_give_a_table_without_rows(spectra, gaia_tables, tmp_path):
    south = spectra.head(3).assign(dec=-80.0)
    rows, _ = gaia_near(south, gaia_tables, SETTINGS, QUICK)
    assert len(rows) == 0 and "source_id" in rows
    write_table(rows, tmp_path / "gaia.parquet")
    matched = match_gaia(south, tmp_path / "gaia.parquet", None, SETTINGS)
    assert len(matched) == 3 and matched["source_id"].isna().all()
    none, table = gaia_near(spectra.head(0), gaia_tables, SETTINGS, QUICK)
    assert len(none) == 0 and table is None


@pytest.mark.archives
def test_starhorse_comes_by_the_numbers_of_the_gaia_sources(dachs, simulated):
    source_ids = FitsTable.read(simulated / "catalogs" / "gaia_dr3.fits").to_pandas()["source_id"]
    theirs = made_starhorse(source_ids)
    asked = pd.Series([*source_ids[:300], source_ids[0], pd.NA, 7], dtype="Int64")
    mirrors = [Table(dachs.url, "mstarstest.gaia"), Table(dachs.url, "mstarstest.starhorse")]
    rows, table = starhorse_of(asked, mirrors, QUICK)
    assert table == mirrors[1]
    expected = theirs[theirs["source"].isin(source_ids[:300])].sort_values("source", ignore_index=True)
    assert len(rows) == len(expected) == 200
    for ours, name in {"source_id": "source", **{name: name for name in theirs if name != "source"}}.items():
        assert rows[ours].tolist() == expected[name].tolist(), ours
    assert rows["logg16"].isna().all()  # a column that the service lacks
    parts, _ = starhorse_of(asked, mirrors[1:], Patience(60.0, 0.2, 70))
    pd.testing.assert_frame_equal(parts, rows)
    none, table = starhorse_of(asked[-2:-1], mirrors, QUICK)
    assert len(none) == 0 and table is None
    with pytest.raises(InputError, match="acquire.starhorse: no service answered; .*no column 'teff50'"):
        starhorse_of(asked, mirrors[:1], QUICK)


@pytest.mark.archives
@pytest.mark.workflow
def test_the_survey_from_archives_is_the_one_from_local_files(dachs, lamost, place, from_lamost, simulated):
    box = {"path": str(MODELS_IN_THE_BOX)}  # as LAMOST's other classes need no training then
    local = place("local", models=box)
    acquire = demo_archives(lamost.url, dachs.url)
    acquire |= {"fetch": [*acquire["fetch"], "apogee_dr17", "starhorse"], "tap_poll": 0.2}
    acquire |= {"apogee_dr17": acquire["apogee"]}  # a file of the same columns
    acquire |= {"starhorse": [{"url": dachs.url, "table": "mstarstest.starhorse"}]}
    from_lamost["acquire"] = acquire
    from_lamost["external"] |= dict.fromkeys(["gaia", "distances", "allwise"])
    from_lamost["models"] = box
    archived = place("archived", **from_lamost)
    archived.run("acquire")
    archived.run(*TARGETS)
    local.run(*TARGETS)
    for name in TARGETS:
        assert (archived.path / name).read_bytes() == (local.path / name).read_bytes(), name
    matched = read_table(archived.path / TARGETS[0])["source_id"]
    assert matched.notna().sum() > 100
    check_catalogues(archived.results / "archives", matched, simulated / "catalogs")


def check_catalogues(folder, matched, simulated):
    """StarHorse and ASPCAP DR17 are described, and have what the archives had."""
    described = {name: read_catalogue(read_description(folder / f"{name}.yaml")) for name in FETCHED}
    theirs = made_starhorse(FitsTable.read(simulated / "gaia_dr3.fits").to_pandas()["source_id"])
    theirs = theirs[theirs["source"].isin(matched)].sort_values("source")
    assert described["starhorse"]["match"].tolist() == theirs["source"].tolist()
    assert described["starhorse"]["teff"].tolist() == theirs["teff50"].tolist()
    assert len(described["aspcap_dr17"]) == len(FitsTable.read(simulated / "apogee_dr16.fits"))


def test_a_service_that_takes_no_uploads_and_one_that_is_down(tmp_path):
    (tmp_path / "tap").mkdir()
    (tmp_path / "tap" / "capabilities").write_text(NO_UPLOAD)
    rows = pd.DataFrame({"spectrum_key": ["a"], "ra": [1.0], "dec": [2.0], "obsdate": ["2014-01-01"], "mjd": [56658]})
    with FaultyServer(tmp_path).running() as server:
        said = "takes no uploads"
        with pytest.raises(InputError, match=f"acquire.gaia: no service answered; {server.url}/tap: .*{said}"):
            gaia_near(rows, [Table(f"{server.url}/tap", "a.b")], SETTINGS, QUICK)
        url = server.url
    with pytest.raises(InputError, match="acquire.gaia: no service answered"):
        gaia_near(rows, [Table(f"{url}/tap", "a.b")], SETTINGS, QUICK)


NO_UPLOAD = """<?xml version="1.0"?>
<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1"
  xmlns:tr="http://www.ivoa.net/xml/TAPRegExt/v1.0">
<capability standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess">
<interface role="std" xsi:type="vs:ParamHTTP"><accessURL use="base">http://127.0.0.1/tap</accessURL></interface>
<language><name>ADQL</name><version ivo-id="ivo://ivoa.net/std/ADQL#v2.0">2.0</version></language>
<outputFormat><mime>application/x-votable+xml</mime></outputFormat>
</capability></vosi:capabilities>
"""
