"""``mstars compile``: compile the loops of the default workflow once, so that no job of a run has to.

numba keeps what it compiled beside the modules (``__pycache__/*.nbc``), or under ``NUMBA_CACHE_DIR``, for each kind of
processor. The loops run here on a few made-up spectra, through the functions that the jobs call. Parameter engines
beside CNN-TLMA and the paper's recipe compile theirs in their first job.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

HELP = "compile the loops once, so that no job of a run has to (make setup does)"

_N_SPECTRA, _N_TEMPLATES = 24, 40
_SEED = 5


def made_up_library():
    """M templates of no star at all: a smooth curve with random lines, dwarfs and giants.

    Returns
    -------
    mstars.templates.library.TemplateLibrary
    """
    import pandas as pd

    from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary

    generator = np.random.default_rng(_SEED)
    rows = np.arange(_N_TEMPLATES)
    lines = generator.uniform(3600, 9200, 300)
    depths = generator.uniform(0, 0.3, (_N_TEMPLATES, len(lines)))
    shapes = np.exp(-0.5 * ((LIBRARY_GRID - lines[:, None]) / 2.0) ** 2)
    flux = (LIBRARY_GRID / 7000.0) ** (1 + rows[:, None] / _N_TEMPLATES) * (1 - np.minimum(depths @ shapes, 0.9))
    table = pd.DataFrame(dict.fromkeys(COLUMNS, ""), index=rows).assign(
        name=[f"m{row}" for row in rows], spectral_class="M", luminosity=np.where(rows % 5, "dwarf", "giant")
    )
    return TemplateLibrary(LIBRARY_GRID, flux.astype(np.float32), table)


def made_up_spectra(library):
    """Noisy spectra of the library's templates, half of them with masked pixels.

    Returns
    -------
    mstars.spectra.container.SpectrumSet
    """
    from mstars.spectra.container import SpectrumSet
    from mstars.spectra.wavelengths import lamost_wavelength

    generator, wavelength = np.random.default_rng(_SEED), lamost_wavelength()
    flux = np.array([np.interp(wavelength, library.wavelength, row) for row in library.flux[:_N_SPECTRA]])
    noise = np.where(np.arange(_N_SPECTRA) % 3, 0.02, 0.3)[:, None]
    flux = 100 * (flux + noise * generator.normal(size=flux.shape))
    ivar = np.broadcast_to((0.01 / noise) ** 2, flux.shape)
    ormask = np.zeros(flux.shape, np.uint8)
    ormask[::2, 2900:2990] = 4
    keys = np.array([f"55000-X-sp01-{number:03d}" for number in range(_N_SPECTRA)])
    return SpectrumSet(flux.astype(np.float32), ivar.astype(np.float32), ormask, wavelength, keys)


def run_inputs(spectra) -> None:
    """What the networks see, bins and band indices."""
    from mstars.classify.flux_bins import bin_spectra
    from mstars.spectra.band_indices import band_indices
    from mstars.spectra.preprocessing import classifier_input

    classifier_input(spectra, np.zeros(len(spectra)))
    bin_spectra(spectra)
    band_indices(spectra, np.zeros(len(spectra)))


def run_velocities(library, spectra) -> None:
    """Everything that the stage of velocities measures, by the default recipe."""
    from mstars.core.config.velocities import Rvmm
    from mstars.velocity.match.library_bank import SHORT_END, bank_of, stretch_banks
    from mstars.velocity.stage import measure, remeasure

    options = Rvmm()
    options = options.changed(tm=options.tm.changed(device="cpu"))
    measure(spectra, bank_of(library, options.tm), options)
    exhaustive = options.changed(tm=options.tm.changed(method="exhaustive"))
    measure(spectra.select(slice(0, 2)), bank_of(library, exhaustive.tm), exhaustive)
    remeasure(spectra, bank_of(library, options.tm, end=SHORT_END), options, stretch_banks(library, options.tm))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``mstars compile`` has no arguments."""


def run(arguments: argparse.Namespace | None = None) -> int:
    """Compile what is not compiled yet, and say how long it took."""
    start = time.perf_counter()
    library = made_up_library()
    spectra = made_up_spectra(library)
    run_inputs(spectra)
    run_velocities(library, spectra)
    print(f"loops compiled: {time.perf_counter() - start:.0f} s")
    return 0
