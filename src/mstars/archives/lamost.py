"""A release of LAMOST from its archive: the spectra that its catalogues name, into the tree of the release."""

from __future__ import annotations

import logging
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pandas as pd

from mstars.archives.asked import part_names
from mstars.archives.fetch import Absent, Fetcher, Refused, Wanted
from mstars.archives.manifest import Manifest
from mstars.core.errors import InputError

logger = logging.getLogger("mstars")

LIST_COLUMNS = ("spectrum_key", "obsid", "obsdate", "planid", "lmjd", "plate", "name", "part")
_SHOWN = 3


def spectra_to_fetch(named: pd.DataFrame, parts: int) -> pd.DataFrame:
    """Which file each spectrum is, and in which part it is fetched.

    Parameters
    ----------
    named : pandas.DataFrame
        Rows of LAMOST's catalogues, each spectrum_key once: obsid, obsdate, planid, lmjd, plate, spid, fiberid.
    parts : int
        The spectra of a plate are in one of so many parts.

    Returns
    -------
    pandas.DataFrame
        `LIST_COLUMNS`, by part and plate; part is a text, ``00`` for example.
    """
    table = named.reset_index(drop=True)
    fibre = zip(table["plate"], table["spid"], table["fiberid"], strict=True)
    table["name"] = [f"spec-{plate}_sp{sp:02d}-{fiber:03d}.fits.gz" for plate, sp, fiber in fibre]
    names = part_names(parts)
    table["part"] = [names[zlib.crc32(plate.encode()) % parts] for plate in table["plate"]]
    return table[list(LIST_COLUMNS)].sort_values(["part", "plate", "spectrum_key"], ignore_index=True)


def fetch_spectra(table: pd.DataFrame, folder: Path, url: str, fetcher: Fetcher, downloads: int) -> Manifest:
    """Fetch the spectra of a part; those that are there already are not fetched again.

    Parameters
    ----------
    table : pandas.DataFrame
        `LIST_COLUMNS`.
    folder : Path
        Root of ``{obsdate}/{planid}/spec-....fits.gz``.
    url : str
        With {obsid}, {obsdate}, {planid}, {lmjd} or {name}.
    fetcher : Fetcher
    downloads : int
        At once.

    Returns
    -------
    Manifest
        With the spectra that the archive does not have: the plan rejects these.

    Raises
    ------
    InputError
        The token is refused, or files could not be fetched: how many, the first reasons, and how to go on.
    """
    wanted, manifest = [], Manifest()
    for row in table.itertuples():
        if "{obsid}" in url and pd.isna(row.obsid):
            manifest.absent[row.spectrum_key] = "no obsid in the catalogue"
            continue
        facts = {name: getattr(row, name) for name in ("obsid", "obsdate", "planid", "lmjd", "name")}
        wanted.append((row.spectrum_key, Wanted([url.format(**facts)], folder / row.obsdate / row.planid / row.name)))
    failed = _all(wanted, fetcher, downloads, manifest)
    if failed:
        first = "; ".join(list(failed.values())[:_SHOWN])
        raise InputError(
            f"{len(failed)} of {len(table)} spectra were not fetched: {first}. Run the same command again: it goes on "
            f"with these ({', '.join(list(failed)[:_SHOWN])}{', ...' if len(failed) > _SHOWN else ''})"
        )
    logger.info("%d spectra, %d that the archive does not have", len(manifest.files), len(manifest.absent))
    return manifest


def _all(wanted: list[tuple[str, Wanted]], fetcher: Fetcher, downloads: int, manifest: Manifest) -> dict[str, str]:
    """Fetch side by side into the manifest; the reason of each that failed. A refused token ends it all."""
    failed: dict[str, str] = {}
    found = {}
    with ThreadPoolExecutor(downloads) as pool:
        running = {pool.submit(fetcher.fetch, one): key for key, one in wanted}
        try:
            for done in as_completed(running):
                key = running[done]
                try:
                    found[key] = done.result()
                except Absent as error:
                    manifest.absent[key] = str(error)
                except Refused:
                    raise
                except InputError as error:
                    failed[key] = str(error)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    manifest.files += [found[key] for key, _ in wanted if key in found]
    return failed
