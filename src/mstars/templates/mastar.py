"""Templates of MaStar, from the package sdss-mangadap: clusters of like stars, and simple stellar populations."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from astropy.io import fits

from mstars.core.errors import InputError
from mstars.core.resources import resource, resource_rows
from mstars.templates.formats import Template
from mstars.templates.spectral_types import labelled
from mstars.templates.stelib import DAP_LICENCE


def read_mastar(folder: str | Path) -> tuple[list[Template], list[str]]:
    """MaStar hierarchical clusters v2 (means of SDSS spectra of like stars): vacuum, R about 1800.

    The types in ``resources/mastar_types.csv`` were found by fitting each with typed spectra of the other sources.

    Parameters
    ----------
    folder : str or Path
        What was taken out of mangadap.

    Returns
    -------
    templates : list of Template
    refused : list of str

    Raises
    ------
    InputError
        When there are no spectra.
    """
    base = Path(folder) / "mangadap" / "data" / "spectral_templates" / "mastarhc_v2"
    types = {row["cluster"]: row for row in resource_rows(resource("mastar_types.csv"))}
    templates, refused = [], []
    for path in sorted(base.glob("MaStarHC_*.fits*")):
        cluster = path.name.split("_")[1].split(".")[0]
        row = types.get(cluster)
        if row is None:
            continue
        with fits.open(path, memmap=False) as hdus:
            header, flux = hdus[0].header, np.asarray(hdus[0].data, float)
            ivar = np.asarray(hdus["IVAR"].data, float)
        wave = 10.0 ** (header["CRVAL1"] + header["CDELT1"] * np.arange(flux.size))
        keep = np.isfinite(flux) & (ivar > 0) & (wave < 9500)
        try:
            templates.append(
                labelled(
                    f"MaStarHC_{cluster}",
                    "mastar",
                    wave[keep],
                    flux[keep],
                    row["subclass"],
                    "giant" if row["luminosity"] == "carbon" else row["luminosity"],
                    DAP_LICENCE,
                    1800.0,
                    spectral_class="CARBON" if row["luminosity"] == "carbon" else row["subclass"][0],
                    logg={"giant": 1.0, "dwarf": 4.9}.get(row["luminosity"], float("nan")),
                )
            )
        except InputError as error:
            refused.append(str(error))
    if not templates:
        raise InputError(f"{folder}: no spectra of MaStar; run the rule fetch_templates again")
    return templates, refused


def read_galaxies(folder: str | Path) -> tuple[list[Template], list[str]]:
    """Simple stellar populations built on MaStar (Maraston et al. 2020): vacuum, R about 1800.

    Parameters
    ----------
    folder : str or Path
        What was taken out of mangadap.

    Returns
    -------
    templates : list of Template
    refused : list of str
    """
    base = Path(folder) / "mangadap" / "data" / "spectral_templates" / "mastar_ssp_v1.0"
    templates, refused = [], []
    for path in sorted(base.glob("MaStar-SSP-*.fits*")):
        age, metallicity = re.match(r"MaStar-SSP-A([\d.]+)-Z([+-][\d.]+)\.fits", path.name).groups()
        with fits.open(path, memmap=False) as hdus:
            header, flux = hdus[0].header, np.asarray(hdus[0].data, float)
        wave = 10.0 ** (header["CRVAL1"] + header["CDELT1"] * np.arange(flux.size))
        keep = np.isfinite(flux) & (wave < 9900)
        try:
            templates.append(
                labelled(
                    f"SSP_{age}Gyr_Z{metallicity}",
                    "mastar_ssp",
                    wave[keep],
                    flux[keep],
                    f"SSP {age} Gyr",
                    "",
                    DAP_LICENCE,
                    1800.0,
                    spectral_class="GALAXY",
                    teff=float("nan"),
                    m_h=float(metallicity),
                )
            )
        except InputError as error:
            refused.append(str(error))
    return templates, refused
