"""Templates of the package kastredux: Bochanski, Kesseli, Lepine, Pickles, and white-dwarf flux standards."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mstars.core.errors import InputError
from mstars.templates.formats import Template, read_columns, to_vacuum
from mstars.templates.spectral_types import labelled

_SD_METALLICITY = {"sd": -0.5, "esd": -1.0, "usd": -1.6}
_KAST_LICENCE = "MIT (kastredux)"
# resolution and medium as published: Bochanski et al. 2007 and Kesseli et al. 2017 (SDSS, vacuum), Kesseli et al. 2019
# (vacuum; long slit), Lepine et al. 2007 (air; low resolution), Pickles 1998 (air, R about 500)
_KAST_SOURCES = {
    "bochanski2007": ("bochanski", "vacuum", 1800.0),
    "kesseli2017": ("kesseli", "vacuum", 2000.0),
    "kesseli2019": ("kesseli2019", "vacuum", 2500.0),
    "lepine2007": ("lepine", "air", 1000.0),
    "pickles1998": ("pickles", "air", 500.0),
}


def read_kastredux(folder: str | Path) -> tuple[list[Template], list[str]]:
    """Bochanski 2007, Kesseli 2017 and 2019, Lepine 2007, Pickles 1998, and white-dwarf flux standards.

    Parameters
    ----------
    folder : str or Path
        What `mstars.templates.packages.extract_package` took out of kastredux.

    Returns
    -------
    templates : list of Template
    refused : list of str

    Raises
    ------
    InputError
        When there are no spectra.
    """
    root = Path(folder) / "kastredux" / "resources"
    files = sorted(root.glob("spectral_standards/*.txt")) + sorted(root.glob("telluric_standards/*.txt"))
    if not files:
        raise InputError(f"{folder}: no spectra of kastredux; run the rule fetch_templates again")
    templates, refused = [], []
    for path in files:
        parsed = _parse_kastredux(path.stem)
        if parsed is None:
            continue
        try:
            templates.append(_read_kast(path, *parsed))
        except InputError as error:
            refused.append(str(error))
    white, bad = _read_white_dwarfs(root / "flux_standards")
    return templates + white, refused + bad


def _parse_kastredux(stem: str):
    """(source key, metallicity class, subclass, luminosity, m_h) of names such as usdM40_LHS453_kesseli2019."""
    source = next((key for key in _KAST_SOURCES if key in stem), None)
    found = re.match(r"(usd|esd|sd)?([OBAFGKM])(\d)(\d?)(III|V)?(?:-Z(RICH|POOR|[+-][\d.]+))?", stem)
    if source is None or found is None or stem == "A00_pickles1998":  # that one is a catalogue page, A0V is beside it
        return None
    prefix, letter, number, tenth, lum, z = found.groups()
    if source == "pickles1998" and tenth:
        tenth = ""  # B57V: between B5 and B7
    subclass = f"{letter}{number}" + (f".{tenth}" if tenth not in ("", "0") else "")
    luminosity = "giant" if lum == "III" else "subdwarf" if prefix else "dwarf"
    m_h = {None: 0.0, "RICH": 0.3, "POOR": -0.7}[z] if z in (None, "RICH", "POOR") else float(z)
    return source, prefix or "", subclass, luminosity, _SD_METALLICITY.get(prefix, m_h)


def _read_kast(path: Path, key: str, prefix: str, subclass: str, luminosity: str, m_h: float) -> Template:
    source, medium, resolution = _KAST_SOURCES[key]
    wave, flux = read_columns(path)
    wave = np.abs(wave)  # one file has a minus sign in front of a wavelength
    keep = np.isfinite(flux) & (wave > 3400) & (wave < 9600) & (np.diff(wave, prepend=0) > 0)
    wave, flux = wave[keep], flux[keep]
    if key == "kesseli2019" and (flux[wave > 8000] == 1.0).mean() > 0.01:
        raise InputError(f"template {path.name}: flux of bright pixels was cut off by the format")
    logg = {"giant": 1.5, "subdwarf": 5.0, "dwarf": 4.9 if subclass[0] == "M" else 4.5}[luminosity]
    return labelled(
        path.stem,
        source,
        to_vacuum(path.name, wave, medium),
        flux,
        subclass,
        luminosity,
        _KAST_LICENCE,
        resolution,
        m_h=m_h,
        logg=logg,
    )


# spectral types of the flux standards that are white dwarfs or hot subdwarfs (Oke 1990, AJ 99, 1621)
_WHITE_DWARFS = {
    "fg191b2b": "DA0.8",
    "fg138_31": "DA5",
    "fg193_74": "DC9",
    "fg24_9": "DQ7",
    "fg60_54": "DC",
    "fgd248": "DC5",
    "fgd50": "DA1.2",
    "fgrw70d5824": "DA2.5",
    "fhz21": "DO1",
    "fhz4": "DA3.4",
    "fsa95_42": "DA",
    "ffeige110": "sdO",
    "ffeige34": "sdO",
    "fgd108": "sdB",
    "fhz44": "sdB",
    "fbd28d4211": "sdO",
    "ffeige66": "sdB",
    "ffeige67": "sdO",
}


def _read_white_dwarfs(folder: Path) -> tuple[list[Template], list[str]]:
    templates, refused = [], []
    for stem, subclass in _WHITE_DWARFS.items():
        path = folder / f"{stem}.dat"
        if not path.is_file():
            continue
        try:
            wave, flux = read_columns(path)
            keep = (wave > 3300) & (np.diff(wave, prepend=0) > 0) & (flux > 0)
            templates.append(
                labelled(
                    stem[1:],
                    "fluxstd",
                    to_vacuum(stem, wave[keep], "air"),
                    flux[keep],
                    subclass,
                    "",
                    _KAST_LICENCE,
                    500.0,
                    spectral_class="WD" if subclass.startswith("D") else "B",
                    teff=float("nan"),
                )
            )
        except InputError as error:
            refused.append(str(error))
    return templates, refused
