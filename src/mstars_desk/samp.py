"""A star's row and spectrum for TOPCAT, SPLAT and other programs at a running SAMP hub."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import Table
from pyvo.samp import SAMPClientError, SAMPHubError, SAMPIntegratedClient, SAMPProxyError

from mstars.core.errors import InputError
from mstars.review.evidence import known
from mstars.review.queues import picture_name
from mstars_desk.queue_folder import QueueFolder

_GONE = (SAMPHubError, SAMPProxyError, SAMPClientError, OSError)
"""What the client raises when its hub does not answer."""


class Sender:
    """A client of the hub that sends one star at a time.

    Parameters
    ----------
    queue : QueueFolder
    blind_queue : QueueFolder, optional
        The queue that holds the calibration spectra. They are sent like the others.

    Raises
    ------
    InputError
        When no hub runs.
    """

    def __init__(self, queue: QueueFolder, blind_queue: QueueFolder | None = None):
        self.queue, self.blind_queue = queue, blind_queue
        self.folder = Path(tempfile.mkdtemp(prefix="mstars-samp-"))
        self._connect()

    def _connect(self) -> None:
        self.client = SAMPIntegratedClient(name="mstars review desk", description=f"queue {self.queue.name}")
        try:
            self.client.connect()
        except _GONE as error:
            raise InputError(f"--samp: no SAMP hub answers ({error}); start TOPCAT first") from None

    def send(self, key: str) -> str:
        """Send a candidate: its row as VOTable, its spectrum as FITS, its place on the sky.

        Returns
        -------
        str
            What was sent, for the reviewer.

        Raises
        ------
        InputError
            When no hub answers.
        """
        source = self.queue if key in self.queue.place or self.blind_queue is None else self.blind_queue
        row = source.row(key)
        name = Path(picture_name(key)).stem
        table, spectrum = self.folder / f"{name}.vot", self.folder / f"{name}.fits"
        write_row(row, table)
        write_spectrum(source, row, spectrum)
        took = self._notify("table.load.votable", url=table.as_uri(), name=f"{self.queue.name} {key}")
        meta = {"Access.Format": "application/fits"}
        took += self._notify("spectrum.load.ssa-generic", url=spectrum.as_uri(), name=key, meta=meta)
        if known(row.get("ra_obs")) and known(row.get("dec_obs")):
            took += self._notify("coord.pointAt.sky", ra=f"{row['ra_obs']:.6f}", dec=f"{row['dec_obs']:.6f}")
        if not took:
            return f"{key}: no program at the hub takes tables or spectra"
        return f"{key} sent: its row, its spectrum, its place on the sky"

    def _notify(self, mtype: str, **params) -> list[str]:
        """Tell all programs at the hub, a new hub where the old one is gone; who was told."""
        message = {"samp.mtype": mtype, "samp.params": params}
        try:
            if not self.client.is_connected:
                self._connect()
            return list(self.client.notify_all(message))
        except _GONE:  # the hub was closed and may have been started again
            self._connect()
            return list(self.client.notify_all(message))

    def close(self) -> None:
        """Leave the hub."""
        try:
            if self.client.is_connected:
                self.client.disconnect()
        except _GONE:
            pass  # the hub is gone already


def write_row(row: dict, path: Path) -> None:
    """Write a candidate's row as a VOTable. Columns without a value are left out."""
    plain = {name: value for name, value in row.items() if known(value)}
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in plain.items()}
    Table(rows=[tuple(plain.values())], names=list(plain)).write(path, format="votable", overwrite=True)


def write_spectrum(queue: QueueFolder, row: dict, path: Path) -> None:
    """Write a candidate's spectrum as a FITS table: wavelength (vacuum, angstrom), flux, ivar, ormask."""
    spectrum = queue.spectrum(row)
    table = Table(
        {
            "wavelength": spectrum.wavelength * units.angstrom,
            "flux": spectrum.flux[0],
            "ivar": spectrum.ivar[0],
            "ormask": spectrum.ormask[0],
        }
    )
    hdu = fits.table_to_hdu(table)
    hdu.header["OBJECT"] = "".join(letter for letter in str(row["spectrum_key"]) if " " <= letter <= "~")[:60]
    hdu.writeto(path, overwrite=True)
