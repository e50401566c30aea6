"""A simulated survey served as LAMOST serves a release, and a folder that runs the workflow on it."""

import os
import re
from pathlib import Path

import pytest
import yaml
from faulty_server import FaultyServer
from made_archives import BINARIES, DATA_FILE, DATA_SET, PAIRS, TOKEN, VIZIER, dataverse, vizier
from once import once
from places import ROOT
from workdir import Workdir, command, new_workdir

from mstars.lamost.catalogs import PLACED, read_catalog

CATALOGUES = {"m_catalog": "m", "general_catalog": "general", "afgk_catalog": "afgk", "wd_catalog": "wd"}


@pytest.fixture(scope="session")
def simulated(tmp_path_factory, worker_id):
    """Folder ``sim`` of the ``ci`` survey, or of the one that MSTARS_ARCHIVED names: FITS files and catalogues."""
    if named := os.environ.get("MSTARS_ARCHIVED"):
        return Path(named)
    built = ROOT / "results" / "templates" / "library.h5"

    def make(folder):
        place = new_workdir(folder, built if built.is_file() else None)
        place.run("results/ci/sim/truth.parquet")

    return once(tmp_path_factory, worker_id, "simulated_survey", make) / "results" / "ci" / "sim"


@pytest.fixture(scope="session")
def spectra_by_obsid(simulated):
    """Path of each spectrum by its obsid."""
    files = {path.name.partition(".")[0]: path for path in (simulated / "fits").rglob("spec-*.fits.gz")}
    found = {}
    for name in CATALOGUES.values():
        table, _ = read_catalog(simulated / "catalogs" / f"lamost_{name}.fits.gz", PLACED)
        for row in table.itertuples():
            if path := files.get(f"spec-{row.plate}_sp{row.spid:02d}-{row.fiberid:03d}"):
                found[str(row.obsid)] = path
    return found


@pytest.fixture
def lamost(simulated, spectra_by_obsid, tmp_path):
    """LAMOST's archive of the simulated survey, which asks for a token; and beside it those that ask for none."""
    (tmp_path / "other").mkdir()
    others = dataverse(tmp_path / "other", simulated / "dust" / "bayestar.h5")
    tables = vizier(tmp_path / "other", **{BINARIES: PAIRS})

    def lookup(path, query):
        if path == "/catdl":
            return simulated / "catalogs" / query.get("name", "")
        if spectrum := re.fullmatch(r"/spectrum/fits/(\d+)", path):
            return spectra_by_obsid.get(spectrum[1])
        if path.startswith(("/api/", "/viz-bin/")):
            return others(path, query) or tables(path, query)
        return simulated / "catalogs" / path.lstrip("/")

    with FaultyServer(simulated, TOKEN, lookup).running() as server:
        # of other archives, which LAMOST's token is not for
        server.open_to_all = {"/apogee_dr16.fits", DATA_SET, DATA_FILE, VIZIER}
        yield server


class Archived(Workdir):
    """A folder that runs the workflow on a release, from local files or from archives."""

    results = property(lambda self: self.path / "results" / "dr")

    def command(self, *arguments, overlays=()):
        files = (self.path / "config/config.yaml", self.path / "a.yaml", *overlays)
        return command(self.path, "--configfile", *files, "--cores", 2, "--rerun-incomplete", *arguments)


@pytest.fixture
def place(tmp_path, simulated, monkeypatch):
    """Makes such a folder: ``place(**sections)`` with what the config says beside where the files lie."""
    monkeypatch.setenv("LAMOST_TOKEN", TOKEN)

    def make(name, **sections):
        folder = new_workdir(tmp_path / name).path
        files = {key: f"lamost_{of}.fits.gz" for key, of in CATALOGUES.items()}
        local = {"release": {key: str(simulated / "catalogs" / file) for key, file in files.items()}}
        local["release"]["spectra"] = str(simulated / "fits")
        of = {"gaia": "gaia_dr3", "distances": "bailer_jones", "allwise": "allwise", "apogee": "apogee_dr16"}
        local["external"] = {key: str(simulated / "catalogs" / f"{file}.fits") for key, file in of.items()}
        local["external"]["dust_map"] = str(simulated / "dust" / "bayestar.h5")
        small = yaml.safe_load((ROOT / "tests/workflow/ci.yaml").read_text())
        config = {"networks": small["networks"], "survey": {"name": "dr", "kind": "release"}, **local}
        for section, values in sections.items():
            config[section] = config.get(section, {}) | values
        (folder / "a.yaml").write_text(yaml.safe_dump(config))
        return Archived(folder)

    return make


@pytest.fixture
def from_lamost(lamost):
    """Sections of the config that fetch the release from the test's archive."""
    files = {key: f"lamost_{name}.fits.gz" for key, name in CATALOGUES.items()}
    urls = {"catalogue_url": lamost.url + "/catdl?name={name}", "spectrum_url": lamost.url + "/spectrum/fits/{obsid}"}
    return {
        "release": dict.fromkeys(["spectra", *CATALOGUES]),
        "external": {"apogee": None, "dust_map": None},
        "acquire": {
            "fetch": ["lamost", "apogee", "dust_map", "binaries"],
            "dataverse": lamost.url,
            "vizier_url": lamost.url + VIZIER,
            "lamost": {**urls, **files, "parts": 2},
            "apogee": [f"{lamost.url}/apogee_dr16.fits"],
        },
    }
