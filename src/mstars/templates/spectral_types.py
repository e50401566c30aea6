"""Labels of template spectra: kind, and the temperature of a spectral type."""

from __future__ import annotations

import functools
import re

import numpy as np

from mstars.core.resources import resource, resource_rows
from mstars.templates.formats import Template, check_template

_CLASS_ORDER = "OBAFGKML"


@functools.cache
def _temperatures() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    rows = resource_rows(resource("spectral_types.csv"))
    codes = np.array([_code(row["type"]) for row in rows])
    return {name: (codes, np.array([float(row[name]) for row in rows])) for name in ("dwarf", "giant")}


def _code(subclass: str) -> float:
    found = re.match(r"([OBAFGKML])\s*(\d+(?:\.\d+)?)?", subclass)
    if not found:
        return float("nan")
    return 10 * _CLASS_ORDER.index(found[1]) + float(found[2] or 5)


def type_temperature(subclass: str, luminosity: str = "dwarf") -> float:
    """Effective temperature of a spectral type (``resources/spectral_types.csv``).

    Parameters
    ----------
    subclass : str
        Such as ``M3.5``.
    luminosity : str
        ``giant``, or any other for a dwarf.

    Returns
    -------
    float
        K; NaN beyond the table.
    """
    codes, teff = _temperatures()["giant" if luminosity == "giant" else "dwarf"]
    code = _code(subclass)
    return float(np.interp(code, codes, teff)) if codes[0] <= code <= codes[-1] else float("nan")


def template_kind(spectral_class: str, luminosity: str) -> str:
    """Kind of a template.

    Parameters
    ----------
    spectral_class, luminosity : str

    Returns
    -------
    str
        dM, gM or sdM for M stars (d: dwarf, g: giant, sd: subdwarf), else the spectral class.
    """
    if spectral_class != "M":
        return spectral_class
    return {"giant": "gM", "subdwarf": "sdM"}.get(luminosity, "dM")


def labelled(name, source, wave, flux, subclass, luminosity, licence, resolution, **labels) -> Template:
    """A checked template with its labels.

    Parameters
    ----------
    name, source : str
    wave, flux : ndarray, [q]
        Vacuum angstrom, and any unit.
    subclass, luminosity, licence : str
    resolution : float
        lambda / d lambda.
    **labels
        spectral_class (else the subclass's first letter), teff (K; else the type's), logg and m_h (dex; else unknown).

    Returns
    -------
    Template

    Raises
    ------
    InputError
        When `mstars.templates.formats.check_template` refuses it.
    """
    check_template(f"{source} {name}", wave, flux)
    spectral_class = labels.pop("spectral_class", subclass[:1])
    info = {
        "name": name,
        "source": source,
        "kind": template_kind(spectral_class, luminosity),
        "spectral_class": spectral_class,
        "subclass": subclass,
        "luminosity": luminosity,
        "teff": labels.get("teff", type_temperature(subclass, luminosity)),
        "logg": labels.get("logg", float("nan")),
        "m_h": labels.get("m_h", float("nan")),
        "resolution": resolution,
        "licence": licence,
    }
    return Template(name, wave, flux, info)
