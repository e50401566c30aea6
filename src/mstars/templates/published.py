"""What each published package holds, as checked templates with labels."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.ndimage import median_filter

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.resources import resource, resource_rows
from mstars.templates.formats import Template, check_template, read_columns, to_vacuum

_CLASS_ORDER = "OBAFGKML"
TELLURIC_BANDS = ((6860.0, 6960.0), (7150.0, 7350.0), (7590.0, 7705.0), (8100.0, 8370.0), (8920.0, 9300.0))
"""O2 and H2O absorption, vacuum angstrom."""


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
    """Effective temperature of a spectral type such as ``M3.5``, K (``resources/spectral_types.csv``), or NaN."""
    codes, teff = _temperatures()["giant" if luminosity == "giant" else "dwarf"]
    code = _code(subclass)
    return float(np.interp(code, codes, teff)) if codes[0] <= code <= codes[-1] else float("nan")


def template_kind(spectral_class: str, luminosity: str) -> str:
    """DM, gM or sdM for M stars (d: dwarf, g: giant, sd: subdwarf), else the spectral class."""
    if spectral_class != "M":
        return spectral_class
    return {"giant": "gM", "subdwarf": "sdM"}.get(luminosity, "dM")


def _template(name, source, wave, flux, subclass, luminosity, licence, resolution, **labels) -> Template:
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

    Returns
    -------
    templates : list of Template
    refused : list of str
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
    return _template(
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
                _template(
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


_DAP_LICENCE = "BSD-3-Clause (sdss-mangadap)"


def read_stelib(folder: str | Path) -> tuple[list[Template], list[str]]:
    """STELIB 3.2 (Le Borgne et al. 2003): 255 stars, air, R about 2000; tellurics divided out with its hot stars."""
    files = sorted((Path(folder) / "mangadap" / "data" / "spectral_templates" / "stelib").glob("*.fits*"))
    if not files:
        raise InputError(f"{folder}: no spectra of STELIB; run the rule fetch_templates again")
    raw, refused = [], []
    for path in files:
        with fits.open(path, memmap=False, ignore_missing_end=True) as hdus:
            header, flux = hdus[0].header, np.asarray(hdus[0].data, float)
        wave = header["CRVAL1"] + header["CDELT1"] * np.arange(flux.size)
        labels = {
            key: _number(header.get(card)) for key, card in (("teff", "TEFF"), ("logg", "LOG_G"), ("m_h", "FE_H"))
        }
        raw.append(
            (str(header["OBJECT"]).strip(), str(header["SPECTYPE"]).strip(), wave, flux, labels, header["RADVEL"])
        )
    grid = np.arange(3300.0, 9300.0)
    on_grid = np.stack([np.interp(grid, wave, flux) for _, _, wave, flux, _, _ in raw])
    hot = np.array([spectral[:1] in "OB" for _, spectral, *_ in raw])
    telluric = _telluric_transmission(grid, on_grid[hot], np.array([item[5] for item in raw])[hot])
    pairs = zip(raw, on_grid, strict=True)
    cleaned = np.stack([_remove_telluric(grid, row, telluric, item[5]) for item, row in pairs])
    _fill_gaps(grid, cleaned, [item[1] for item in raw])
    templates = []
    for (name, spectral, _, _, labels, _), row in zip(raw, cleaned, strict=True):
        try:
            templates.append(_stelib_template(name, spectral, grid, row, labels))
        except InputError as error:
            refused.append(str(error))
    return templates, refused


def _fill_gaps(grid: np.ndarray, flux: np.ndarray, types: list[str]) -> None:
    """Late M giants are few: where one lacks up to 130 A it gets the shape of another of its type, in place."""
    late = [row for row, spectral in enumerate(types) if re.match(r"M[5-9]", spectral)]
    lacking = flux <= 1e-3 * np.median(flux, axis=1, keepdims=True)
    for row in late:
        gap = lacking[row] & (grid > 6500) & (grid < 9000)
        whole = [other for other in late if not lacking[other][(grid > 6500) & (grid < 9000)].any()]
        if not gap.any() or gap.sum() > 130 or not whole:
            continue
        first, last = np.flatnonzero(gap)[[0, -1]]
        inside = slice(first - 8, last + 9)
        ratio = np.log(np.maximum(flux[row], 1e-30) / flux[whole[0]])
        ends = np.median(ratio[first - 30 : first - 8]), np.median(ratio[last + 9 : last + 30])
        flux[row, inside] = flux[whole[0], inside] * np.exp(np.linspace(*ends, last - first + 17))


def _number(value) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _stelib_template(name, spectral, wave, flux, labels) -> Template:
    covered = flux > 1e-4 * np.median(flux[flux > 0])
    covered = ~(median_filter((~covered).astype(np.uint8), 9) > 0)
    inside = covered & (wave > 3800) & (wave < 9000)
    if inside.sum() < 0.965 * 5200:
        raise InputError(f"template stelib {name}: {1 - inside.sum() / 5200:.0%} of 3800-9000 A has no data")
    if not spectral or spectral[0] not in "OBAFGKMD":
        raise InputError(f"template stelib {name}: spectral type {spectral!r}")
    letter = "WD" if spectral[0] == "D" else spectral[0]
    found = re.match(r"[OBAFGKM]\D?(\d(?:\.\d)?)?", spectral)
    subclass = spectral if letter == "WD" else f"{letter}{(found and found[1]) or 5}"
    giant = re.search(r"III|II|I[ab]", spectral) or (labels["logg"] < 3.3 and letter in "GKM")
    luminosity = "" if letter == "WD" else "giant" if giant else "dwarf"
    if not np.isfinite(labels["teff"]):
        labels["teff"] = type_temperature(subclass, luminosity)
    if letter in "OBAFG":  # no bands of their own there: what is left of the atmosphere's is bridged
        smooth = np.exp(_continuum(wave, flux, _AIR_BANDS[:3]))
        for lower, upper in _AIR_BANDS[:3]:
            inside = (wave >= lower) & (wave <= upper)
            flux = np.where(inside, smooth, flux)
    keep = covered & (wave > 3400)
    return _template(
        name,
        "stelib",
        to_vacuum(name, wave[keep], "air"),
        flux[keep],
        subclass,
        luminosity,
        _DAP_LICENCE,
        2000.0,
        spectral_class=letter,
        **labels,
    )


def _continuum(wave: np.ndarray, flux: np.ndarray, bands) -> np.ndarray:
    """Straight lines across the bands, in the logarithm."""
    log = np.log(np.maximum(flux, 1e-3 * np.median(flux[flux > 0])))
    inside = np.zeros(wave.size, bool)
    for lower, upper in bands:
        inside |= (wave >= lower) & (wave <= upper)
    smooth = median_filter(log, 31)
    return np.interp(wave, wave[~inside], smooth[~inside])


_AIR_BANDS = tuple((lower - 2, upper - 2) for lower, upper in TELLURIC_BANDS)


def _telluric_transmission(grid, hot, velocity) -> np.ndarray:
    """Median depth of the atmosphere's bands in hot stars, in the observer's frame: log transmission [pixel]."""
    depth = []
    for row, speed in zip(hot, velocity, strict=True):
        if (row[(grid > 6500) & (grid < 9250)] <= 0).any():
            continue
        observed = np.interp(grid, grid * (1 + speed / C_KMS), row)
        log = np.log(np.maximum(observed, 1e-3 * np.median(observed)))
        depth.append(np.minimum(log - _continuum(grid, observed, _AIR_BANDS), 0.02))
    median = np.median(depth, axis=0)
    inside = np.zeros(grid.size, bool)
    for lower, upper in _AIR_BANDS:
        inside |= (grid >= lower) & (grid <= upper)
    return np.where(inside, np.minimum(median, 0.0), 0.0)


def _remove_telluric(grid, flux, telluric, velocity) -> np.ndarray:
    """Divide by the transmission to the power that leaves the O2 bands smoothest."""
    depth = np.interp(grid, grid / (1 + velocity / C_KMS), telluric)
    band = ((grid > 7575) & (grid < 7720)) | ((grid > 6850) & (grid < 6960))
    if (flux[band] <= 0).any():
        return flux
    log = np.log(flux[band])
    best = min(np.arange(0.0, 2.51, 0.05), key=lambda k: np.abs(np.diff(log - k * depth[band])).sum())
    return flux * np.exp(-best * depth)


def read_mastar(folder: str | Path) -> tuple[list[Template], list[str]]:
    """MaStar hierarchical clusters v2 (means of SDSS spectra of like stars): vacuum, R about 1800.

    The types in ``resources/mastar_types.csv`` were found by fitting each with typed spectra of the other sources.
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
                _template(
                    f"MaStarHC_{cluster}",
                    "mastar",
                    wave[keep],
                    flux[keep],
                    row["subclass"],
                    "giant" if row["luminosity"] == "carbon" else row["luminosity"],
                    _DAP_LICENCE,
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
    """Simple stellar populations built on MaStar (Maraston et al. 2020): vacuum, R about 1800."""
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
                _template(
                    f"SSP_{age}Gyr_Z{metallicity}",
                    "mastar_ssp",
                    wave[keep],
                    flux[keep],
                    f"SSP {age} Gyr",
                    "",
                    _DAP_LICENCE,
                    1800.0,
                    spectral_class="GALAXY",
                    teff=float("nan"),
                    m_h=float(metallicity),
                )
            )
        except InputError as error:
            refused.append(str(error))
    return templates, refused
