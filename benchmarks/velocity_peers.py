"""Adapters of other codes for `velocity.py`: each measures the same spectra with the same templates.

A peer that is not installed, or does not import with the packages that are, is skipped with its reason.
"""

from __future__ import annotations

import numpy as np

from mstars.spectra import C_KMS, SpectrumSet
from mstars.templates import TemplateLibrary

RANGE = (6500.0, 9000.0)
"""Wavelengths given to the peers, angstrom: those of the default recipe."""


def redrock(spectra: SpectrumSet, library: TemplateLibrary, components: int = 5) -> np.ndarray:
    """Velocities of redrock with the leading components of the templates, each times 1, x, x^2 (15 vectors).

    Returns
    -------
    ndarray, [n]
        km/s.

    Raises
    ------
    ImportError
        When redrock, or something that it needs, is missing.
    """
    from redrock.targets import DistTargetsCopy, Spectrum, Target
    from redrock.templates import DistTemplate, Template
    from redrock.zfind import zfind
    from scipy.sparse import dia_matrix

    low, high = RANGE
    part = (library.wavelength > low * 0.99) & (library.wavelength < high * 1.01)
    rows = library.flux[:, part]
    rows = rows[np.isfinite(rows).all(axis=1)].astype(float)
    rows /= rows.mean(axis=1, keepdims=True)
    vectors = np.linalg.svd(rows, full_matrices=False)[2][:components]
    x = np.linspace(-1, 1, part.sum())
    basis = np.concatenate([vectors * x**k for k in range(3)])
    redshifts = np.arange(-600.0, 601.0, 20.0) / C_KMS
    template = Template(
        spectype="STAR", subtype="M", redshifts=redshifts, wave=library.wavelength[part], flux=basis, method="PCA"
    )
    near = (spectra.wavelength > low * 1.003) & (spectra.wavelength < high * 0.997)
    wave = spectra.wavelength[near].copy()
    targets = []
    for row in range(len(spectra)):
        bad = spectra.bad[row, near]
        flux = np.where(bad, 0, spectra.flux[row, near]).astype(float)
        ivar = np.where(bad, 0, spectra.ivar[row, near]).astype(float)
        same = dia_matrix((np.ones((1, len(wave))), [0]), shape=(len(wave), len(wave)))
        targets.append(Target(str(row), [Spectrum(wave, flux, ivar, same)]))
    group = DistTargetsCopy(targets)
    prepared = [DistTemplate(template, group.wavegrids())]
    result = zfind(group, prepared, mp_procs=1, nminima=3)[1]
    result = result[result["znum"] == 0]
    velocity = np.full(len(spectra), np.nan)
    velocity[[int(name) for name in result["targetid"]]] = np.asarray(result["z"], float) * C_KMS
    return velocity


def laspec(spectra: SpectrumSet, library: TemplateLibrary) -> np.ndarray:
    """Velocities of laspec's cross-correlation with all templates, both divided by a quartic.

    Raises
    ------
    ImportError
        When laspec, or something that it needs, is missing; its releases up to 2023.8 want numpy before 1.24.
    """
    from laspec.ccf import RVM

    low, high = RANGE
    part = (library.wavelength > low * 0.99) & (library.wavelength < high * 1.01)
    rows = library.flux[:, part].astype(float)
    rows = rows[np.isfinite(rows).all(axis=1)]
    wave = library.wavelength[part]
    machine = RVM(np.arange(len(rows))[:, None], wave, np.array([_flat(wave, row) for row in rows]))
    machine.make_cache("red", (low, high), (-600, 600, 10))
    near = (spectra.wavelength > low * 1.003) & (spectra.wavelength < high * 0.997)
    result = np.full(len(spectra), np.nan)
    for row in range(len(spectra)):
        good = near & ~spectra.bad[row]
        flux = _flat(spectra.wavelength[good], spectra.flux[row, good].astype(float))
        result[row] = machine.measure(spectra.wavelength[good], flux, cache_name="red")["rv_opt"]
    return result


def _flat(wavelength: np.ndarray, flux: np.ndarray) -> np.ndarray:
    x = (wavelength - RANGE[0]) / (RANGE[1] - RANGE[0])
    return flux / np.polyval(np.polyfit(x, flux, 4), x)


PEERS = {"redrock": redrock, "laspec": laspec}
