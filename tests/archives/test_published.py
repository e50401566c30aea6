"""Files with a published checksum, the dust map from a Dataverse, tables from VizieR, over HTTP."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from faulty_server import FaultyServer
from made_archives import BINARIES, DATA_FILE, PAIRS, VIZIER, dataverse, vizier

from mstars.archives.asked import BINARIES_COLUMNS, vizier_tables, vizier_url
from mstars.archives.dust import FILE, fetch_bayestar
from mstars.archives.fetch import Fetcher, Wanted, fetch_one
from mstars.archives.published import Published, published, wanted_as_published
from mstars.archives.settings import check_columns, check_rows
from mstars.core.config.archives import Acquire
from mstars.core.config.outputs import Compare
from mstars.core.errors import InputError
from mstars.files.external_tables import Column, read_external
from mstars.literature.groups import read_binaries
from mstars.sky.apogee import APOGEE_NUMBERS


@pytest.fixture
def fetcher():
    return Fetcher(attempts=4, timeout=5.0, wait=lambda seconds: None)


@pytest.fixture
def tables(tmp_path):
    """VizieR with the pairs of El-Badry et al. (2021)."""
    served = tmp_path / "vizier"
    served.mkdir()
    with FaultyServer(served, lookup=vizier(served, **{BINARIES: PAIRS})).running() as server:
        yield server


@pytest.fixture
def maps(tmp_path):
    """Makes a Dataverse that has the map, with what its entry says wrongly."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "map").write_bytes(MAP)
    return lambda **wrong: FaultyServer(served, lookup=dataverse(served, served / "map", **wrong))


MAP = b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 4000


def test_the_dust_map_comes_by_its_published_checksum_and_goes_on_where_it_broke(maps, tmp_path, fetcher):
    with maps().running() as server:
        server.faults[DATA_FILE] = ["drop", "error"]
        manifest = fetch_bayestar(f"{server.url}/", tmp_path / "out" / "map.h5", fetcher)
        assert server.sent[DATA_FILE] == len(MAP)
        assert (tmp_path / "out" / "map.h5").read_bytes() == MAP
        assert manifest.files[0].url == f"{server.url}{DATA_FILE}" and manifest.files[0].bytes == len(MAP)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"md5": "0" * 32}, "its md5 is not the published one"),
        ({"filesize": 5}, "1024008 bytes, 5 are published"),
        ({"filename": "bayestar2017.h5"}, f"acquire.dataverse: .*no file {FILE} in what came"),
    ],
)
def test_another_map_than_the_published_one_is_refused(maps, tmp_path, fetcher, wrong, said):
    with maps(**wrong).running() as server, pytest.raises(InputError, match=said):
        fetch_bayestar(server.url, tmp_path / "out" / "map.h5", fetcher)
    assert not list(tmp_path.glob("out/*"))


def test_a_dataverse_that_has_no_such_data_set_is_said(tmp_path, fetcher):
    with FaultyServer(tmp_path).running() as server, pytest.raises(InputError, match="does not have it.*404"):
        fetch_bayestar(server.url, tmp_path / "map.h5", fetcher)


def test_a_table_of_vizier_comes_with_the_columns_that_are_asked_for(tables, tmp_path, fetcher):
    url = vizier_url(tables.url + VIZIER, BINARIES, BINARIES_COLUMNS)
    assert url.endswith(
        "-source=J/MNRAS/506/2269/catalog&-out.max=unlimited" + "".join(f"&-out={c}" for c in BINARIES_COLUMNS)
    )
    fetch_one(Wanted([url], tmp_path / "out" / "pairs.tsv", "table"), fetcher, check_rows)
    found = read_binaries(tmp_path / "out" / "pairs.tsv")
    assert found.to_numpy().tolist() == [[4000000000000000001, 4000000000000000002]]  # the other is a chance pair
    units = read_external(tmp_path / "out" / "pairs.tsv", (Column("theta", unit="arcsec"),), "k")
    assert units["theta"].tolist() == pytest.approx([7.2, 14.4])


def test_an_identifier_that_vizier_does_not_have_leaves_nothing(tables, tmp_path, fetcher):
    url = vizier_url(tables.url + VIZIER, "J/ApJS/1/1/none")
    with pytest.raises(InputError, match="is the identifier that of a table"):
        fetch_one(Wanted([url], tmp_path / "out" / "none.tsv", "table"), fetcher, check_rows)
    assert not list((tmp_path / "out").iterdir())


def test_a_work_without_a_known_identifier_says_what_to_look_for(tmp_path):
    given, compare = Acquire().model_dump(), Compare().model_dump()
    works = given | {"fetch": ("binaries", "occam"), "vizier": ("I/1/x",)}
    assert [one.identifier for one in vizier_tables(works, compare)] == [BINARIES, "J/AJ/159/199", "I/1/x"]
    (tmp_path / "pairs.csv").write_text("source_id1,source_id2")
    mine = compare | {"binaries": str(tmp_path / "pairs.csv"), "cluster_metallicities": "not/there.csv"}
    assert [one.name for one in vizier_tables(works, mine)] == ["occam", ""]
    with pytest.raises(InputError, match=r"ding2022.*Ding et al. 2022, ApJS 260, 45.*acquire.identifiers.ding2022"):
        vizier_tables(given | {"fetch": ("ding2022",)}, compare)
    known = given | {"fetch": ("ding2022",), "identifiers": given["identifiers"] | {"ding2022": "J/ApJS/260/45/t"}}
    assert [one.identifier for one in vizier_tables(known, compare)] == ["J/ApJS/260/45/t"]


def test_allstar_of_the_archive_is_compared_with_its_published_checksum_and_another_file_is_not(tmp_path, fetcher):
    urls = Acquire().apogee
    assert published(urls[0]).checksum.startswith("sha1:") and published("https://a.b/else.fits") == Published()
    served = tmp_path / "served"
    served.mkdir()
    for name in (Path(urls[0]).name, "mine.fits"):
        fits.PrimaryHDU(np.arange(10)).writeto(served / name)
    with FaultyServer(served).running() as server:
        fetcher.fetch(wanted_as_published([f"{server.url}/mine.fits"], tmp_path / "mine.fits", "fits"))
        with pytest.raises(InputError, match="its sha1 is not the published one"):
            fetcher.fetch(wanted_as_published([f"{server.url}/{Path(urls[0]).name}"], tmp_path / "all.fits", "fits"))
    assert (tmp_path / "mine.fits").exists() and not (tmp_path / "all.fits").exists()


def test_an_allstar_without_a_column_that_we_need_is_named_with_the_nearest_and_removed(tmp_path, fetcher):
    columns = {name: np.zeros(2) for name in ("RA", "DEC", "SNR", *APOGEE_NUMBERS)}
    served = tmp_path / "served"
    served.mkdir()
    names = {"APOGEE_IDS": ["a", "b"], "ASPCAP_CLASS": ["", ""], "ASPCAPFLAG": [0, 0], "STARFLAG": [0, 0]}
    Table(columns | names).write(served / "mine.fits")
    with FaultyServer(served).running() as server:
        wanted = wanted_as_published([f"{server.url}/mine.fits"], tmp_path / "out" / "mine.fits", "fits")
        with pytest.raises(InputError, match="no column 'APOGEE_ID' or 'APOGEE'; close to it: APOGEE_IDS"):
            fetch_one(wanted, fetcher, check_columns("apogee"))
    assert not list((tmp_path / "out").iterdir())
