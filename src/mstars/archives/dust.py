"""The dust map Bayestar19, fetched by `dustmaps`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mstars.archives.manifest import Manifest, record_of
from mstars.core.errors import InputError

SOURCE = "doi:10.7910/DVN/2EJ9TX"
"""The map at Harvard's Dataverse."""


def fetch_bayestar(path: str | Path) -> Manifest:
    """Fetch the map with `dustmaps`, which compares it with the published checksum.

    Parameters
    ----------
    path : str or Path
        Where it goes.

    Raises
    ------
    InputError
        It can't be fetched: what the package said.
    """
    from dustmaps import bayestar
    from dustmaps.config import config

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bayestar-", dir=path.parent) as folder:
        before = config["data_dir"]
        config["data_dir"] = folder
        try:
            bayestar.fetch(version="bayestar2019")
            Path(folder, "bayestar", "bayestar2019.h5").replace(path)
        except Exception as error:  # the package has errors of its own for a bad answer
            if isinstance(error, OSError) and error.errno is not None and not isinstance(error, FileNotFoundError):
                raise  # of the disk
            raise InputError(f"acquire dust_map: {SOURCE}: not fetched ({str(error)[:200]}); run again") from None
        finally:
            config["data_dir"] = before
    return Manifest([record_of(path, SOURCE)])
