"""Adapters of other codes for `velocity.py`: each measures the same spectra with the same templates.

Each gives the velocities, [n], km/s, and the processor time that took, s. A peer that is not installed, or does not
import with the packages that are, is skipped with its reason. laspec wants older packages than mstars: make it an
environment of its own,

    python3.9 -m venv laspec && laspec/bin/pip install "numpy<1.24" "scipy<1.11" "astropy<6" joblib matplotlib
    laspec/bin/pip install --no-deps laspec==2023.819.0

and name its interpreter: LASPEC_PYTHON=laspec/bin/python. redrock goes beside mstars, in a folder of its own:
`pip install --target peers --no-deps redrock==0.21 fitsio`, PYTHONPATH=peers.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from mstars.core.constants import C_KMS
from mstars.spectra.container import SpectrumSet
from mstars.templates.library import TemplateLibrary

RANGE = (6500.0, 9000.0)
"""Wavelengths given to the peers, angstrom: those of the default recipe."""


def redrock(spectra: SpectrumSet, library: TemplateLibrary, components: int = 5) -> tuple[np.ndarray, float]:
    """Velocities of redrock with the leading components of the templates, each times 1, x, x^2 (15 vectors).

    Raises
    ------
    ImportError
        When redrock, or something that it needs, is missing.
    """
    from redrock.targets import DistTargetsCopy, Spectrum, Target
    from redrock.templates import DistTemplate, Template
    from redrock.zfind import zfind
    from scipy.sparse import dia_matrix

    used = time.process_time()
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
    return velocity, time.process_time() - used


def laspec(spectra: SpectrumSet, library: TemplateLibrary) -> tuple[np.ndarray, float]:
    """Velocities of laspec's cross-correlation with all templates, both divided by a quartic; its cache is not timed.

    Raises
    ------
    ImportError
        When LASPEC_PYTHON names no interpreter that has laspec.
    """
    python = os.environ.get("LASPEC_PYTHON")
    if not python:
        raise ImportError("LASPEC_PYTHON names no interpreter")
    low, high = RANGE
    part = (library.wavelength > low * 0.99) & (library.wavelength < high * 1.01)
    rows = library.flux[:, part].astype(float)
    near = (spectra.wavelength > low * 1.003) & (spectra.wavelength < high * 0.997)
    with tempfile.TemporaryDirectory() as folder:
        given, found = Path(folder) / "given.npz", Path(folder) / "found.npz"
        np.savez(
            given,
            range=RANGE,
            wave=library.wavelength[part],
            templates=rows[np.isfinite(rows).all(axis=1)],
            wavelength=spectra.wavelength,
            flux=spectra.flux.astype(float),
            good=near & ~spectra.bad,
        )
        script = Path(__file__).with_name("velocity_laspec.py")
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        ended = subprocess.run([python, script, given, found], env=clean, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise ImportError(ended.stderr.strip().splitlines()[-1])
        result = np.load(found)
        return result["velocity"], float(result["core"])


PEERS = {"redrock": redrock, "laspec": laspec}
