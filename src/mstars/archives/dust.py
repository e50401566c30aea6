"""The dust map Bayestar19 from a Dataverse, as the package `dustmaps` finds it there."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mstars.archives.fetch import Fetcher, Wanted
from mstars.archives.manifest import Manifest
from mstars.core.errors import InputError
from mstars.files.json_files import read_json

DOI = "10.7910/DVN/2EJ9TX"
"""The map at Harvard's Dataverse (Green et al. 2019)."""

FILE = "bayestar2019.h5"


def bayestar_file(dataverse: str, path: str | Path, fetcher: Fetcher) -> Wanted:
    """The map's address, size and MD5, asked of the Dataverse.

    Parameters
    ----------
    dataverse : str
        Address of the Dataverse.
    path : str or Path
        Where the map is to go.
    fetcher : Fetcher

    Raises
    ------
    InputError
        The Dataverse does not answer, or the data set has no such file.
    """
    dataverse = dataverse.rstrip("/")
    url = f"{dataverse}/api/datasets/:persistentId?persistentId=doi:{DOI}"
    with tempfile.TemporaryDirectory(prefix="mstars-") as folder:
        entry = Path(folder) / "dataset.json"
        fetcher.fetch(Wanted([url], entry, "table"))
        try:
            files = [one["dataFile"] for one in read_json(entry)["data"]["latestVersion"]["files"]]
            facts = next(one for one in files if one["filename"] == FILE)
            size, md5, number = int(facts["filesize"]), facts["md5"], facts["id"]
        except (InputError, LookupError, TypeError, ValueError, StopIteration):
            raise InputError(f"acquire.dataverse: {url}: no file {FILE} in what came; is it a Dataverse?") from None
    return Wanted([f"{dataverse}/api/access/datafile/{number}"], Path(path), "hdf5", size, f"md5:{md5}")


def fetch_bayestar(dataverse: str, path: str | Path, fetcher: Fetcher) -> Manifest:
    """Fetch the map, resumed and retried as any file, and compare it with the published size and MD5.

    Parameters
    ----------
    dataverse, path, fetcher
        As for `bayestar_file`.

    Raises
    ------
    InputError
        It can't be fetched: the reason, and how to go on.
    """
    return Manifest([fetcher.fetch(bayestar_file(dataverse, path, fetcher))])
