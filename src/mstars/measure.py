"""Velocities, classes and parameters of spectra in memory: the library without a workflow.

Each spectrum is measured by itself, with the settings that the workflow has for real files. What needs many spectra
stays the workflow's: bands of agreement, the consensus of velocities, zero points, the review, `parameter_flag`.
"""

from __future__ import annotations

import argparse
import functools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mstars.classify.prediction import classify_spectra
from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.config.velocities import Rvmm
from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.core.snr import SNR
from mstars.engines.batch import load_kinds, predict_spectra
from mstars.engines.contract import Engine
from mstars.engines.registry import engine_models, engine_settings, load_engine
from mstars.files.json_files import read_json
from mstars.files.whole import atomic_path
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.plan import plan_files
from mstars.networks.folder import Model, load_model
from mstars.ops.bundle import CLASSIFIERS, unpack_models
from mstars.ops.model_source import MODELS_IN_THE_BOX, model_source
from mstars.parameters.calibration import calibrated_errors
from mstars.spectra.container import SpectrumSet
from mstars.templates.library import load_library
from mstars.velocity import stage
from mstars.velocity.match.library_bank import bank_of

HELP = "velocities, classes and parameters of some files, without a run of the workflow"
_ENGINE = "cnn"
LIBRARY = "results/templates/library.h5"
SHOWN = ("filename", "spt_class", "luminosity_class", "rv_tm", "rv_tm_err", *LABELS)


@dataclass
class Models:
    """Trained networks.

    Attributes
    ----------
    classifiers : list of Model
        CNN-SPT, CNN-WDM, CNN-dMgM.
    engine : Engine
        The parameter engine ``cnn``.
    by_class : mapping
        Its model of each luminosity class.
    calibrations : mapping
        Its calibrated errors of each luminosity class.
    """

    classifiers: list[Model]
    engine: Engine
    by_class: Mapping[str, Any]
    calibrations: Mapping[str, dict]

    @property
    def simulated(self) -> bool:
        """Whether they have learnt from simulated spectra alone: their parameters are not for science."""
        return any(model.about.get("trained_on") == "simulated" for model in self.by_class.values())


@functools.cache
def settings() -> dict:
    """The config's sections as they are for real files."""
    return filled({"survey": {"kind": "files"}}, engine_models())


def _engine_settings() -> dict:
    return engine_settings(settings(), _ENGINE)


def read_spectra(pattern: str | Path) -> tuple[SpectrumSet, pd.DataFrame, pd.DataFrame]:
    """Read LAMOST's files onto the common grid.

    Parameters
    ----------
    pattern : str or Path
        A file, a folder (searched to the bottom), or a glob pattern.

    Returns
    -------
    spectra : SpectrumSet
        n usable spectra: flux and ivar [n, pixel], wavelength (vacuum angstrom).
    header : pandas.DataFrame
        n rows in the same order: spectrum_key, filename, S/N of each band, LAMOST's class and redshift and more.
    rejected : pandas.DataFrame
        Files that can't be used, with the reason.

    Raises
    ------
    InputError
        Nothing there, or no file is usable.
    """
    plan = plan_files(str(pattern))
    spectra, header, damaged = ingest_batch(plan.candidates)
    return spectra, header, pd.concat([plan.rejected, damaged], ignore_index=True)


def velocities(spectra: SpectrumSet, library: str | Path = LIBRARY, threads: int = 1) -> pd.DataFrame:
    """Velocities by template matching (section 3.4.3) and by absorption lines (DSAL I and II).

    Parameters
    ----------
    spectra : SpectrumSet
        In the observed frame.
    library : path
        The template library. ``snakemake --cores 1 results/templates/library.h5`` makes it.
    threads : int

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, rv_tm and rv_tm_err (km/s, heliocentric as the wavelengths are), the best template,
        rv_dsal1, rv_dsal2 and their errors, flags; see `mstars.velocity.stage.measure`.

    Raises
    ------
    InputError
        No library.
    """
    if not Path(library).is_file():
        raise InputError(f"{library}: no template library; make it with `snakemake --cores 1 {LIBRARY}`")
    config = settings()
    options = Rvmm(**config["rvmm"])
    bank = bank_of(load_library(library, sources=config["templates"]["match_sources"]), options.tm)
    return stage.measure(spectra, bank, options, threads)


def load_models(path: str | Path = MODELS_IN_THE_BOX) -> Models:
    """Trained networks.

    Parameters
    ----------
    path : path
        A folder ``results/{survey}/models``, or a bundle of them; by default those that come with mstars.

    Raises
    ------
    InputError
        Not a whole set of models.
    """
    if Path(path).is_file():
        with tempfile.TemporaryDirectory() as folder:
            unpack_models(path, folder)
            return _models_in(Path(folder))
    return _models_in(Path(path))


def _models_in(folder: Path) -> Models:
    engine, config = load_engine(_ENGINE), _engine_settings()
    tops = {kind: f"{engine.info.stem}_{kind}" for kind in engine.info.kinds}
    source = model_source(folder, folder)
    parts = [folder / top / f"fold{number}" for top in tops.values() for number in source.folds(top)]
    return Models(
        [load_model(folder / task) for task in CLASSIFIERS],
        engine,
        load_kinds(engine, parts, settings=config),
        {kind: read_json(folder / top / "calibration.json") for kind, top in tops.items()},
    )


def classes(spectra: SpectrumSet, models: Models) -> pd.DataFrame:
    """Spectral and luminosity classes by the networks (sections 3.4.1 and 3.4.2).

    Parameters
    ----------
    spectra : SpectrumSet
        In the observed frame.
    models : Models

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key; ``spt_class`` (OB to M, GALAXY, QSO), ``wdm_class`` (WD or M), ``dmgm_class`` (dM or gM),
        each with ``_prob``; ``luminosity_class``, which is that of CNN-dMgM where CNN-SPT says M, and '' elsewhere.
    """
    tables = classify_spectra(models.classifiers, None, spectra)
    result = pd.DataFrame({"spectrum_key": spectra.spectrum_key.astype(str)})
    for task, table in tables.items():
        result[[f"{task}_class", f"{task}_prob"]] = table[[f"{task}_class", f"{task}_prob"]].to_numpy()
    is_m = (result["spt_class"] == "M") & result["dmgm_class"].isin(LUMINOSITY_CLASSES)
    result["luminosity_class"] = result["dmgm_class"].where(is_m, "")
    return result


def parameters(
    spectra: SpectrumSet, rv: np.ndarray, luminosity_class: np.ndarray, header: pd.DataFrame, models: Models
) -> pd.DataFrame:
    """Teff, log g, [M/H] and [alpha/M] of M stars (section 3.4.4).

    Parameters
    ----------
    spectra : SpectrumSet
        n spectra in the observed frame.
    rv : ndarray, [n]
        km/s.
    luminosity_class : ndarray of str, [n]
        dM, gM, or anything else: no parameters.
    header : pandas.DataFrame
        n rows of `read_spectra`: the S/N of each band.
    models : Models

    Returns
    -------
    pandas.DataFrame
        n rows: spectrum_key, luminosity_class; teff (K), logg, m_h, alpha_m (dex), each with ``_err`` (calibrated);
        ``flag``, bits of `mstars.core.flags.EngineFlag`: with ``SIMULATION_TRAINED`` a value is not for science.
    """
    about = pd.DataFrame({"spectrum_key": spectra.spectrum_key.astype(str), "luminosity_class": luminosity_class})
    about = about.assign(rv=np.asarray(rv, dtype=float), **{name: header[name].to_numpy() for name in SNR})
    table = predict_spectra(models.engine, models.by_class, spectra, about, _engine_settings(), "files")
    snri, teff = about["snri"].to_numpy(dtype=float), table["teff"].to_numpy(dtype=float)
    for label in models.engine.info.labels:
        spread = table[f"{label}_err"].to_numpy(dtype=float)
        table[f"{label}_err"] = np.nan
        for kind, calibration in models.calibrations.items():
            own = (about["luminosity_class"] == kind).to_numpy()
            error = calibrated_errors(calibration, label, spread[own], snri[own], teff[own])
            table.loc[own, f"{label}_err"] = error
    return table


def measure(
    pattern: str | Path, library: str | Path = LIBRARY, models: Models | None = None, threads: int = 1
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All of it: one row a usable file, and the files that can't be used.

    Parameters
    ----------
    pattern : str or Path
        As for `read_spectra`.
    library, threads
        As for `velocities`.
    models : Models, optional
        By default those that come with mstars.

    Returns
    -------
    table, rejected : pandas.DataFrame
    """
    models = load_models() if models is None else models
    spectra, header, rejected = read_spectra(pattern)
    velocity, found = velocities(spectra, library, threads), classes(spectra, models)
    labels = parameters(spectra, velocity["rv_tm"].to_numpy(), found["luminosity_class"].to_numpy(), header, models)
    table = header.merge(found, on="spectrum_key", validate="1:1").merge(velocity, on="spectrum_key", validate="1:1")
    labels = labels.drop(columns="luminosity_class").rename(columns={"flag": "engine_flag"})
    return table.merge(labels, on="spectrum_key", validate="1:1"), rejected


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of ``mstars measure``."""
    parser.add_argument("files", help="a file, a folder, or a quoted pattern such as 'data/*.fits.gz'")
    parser.add_argument("--library", default=LIBRARY, help=f"template library (default: {LIBRARY})")
    parser.add_argument("--models", default=MODELS_IN_THE_BOX, help="folder or bundle (default: those of mstars)")
    parser.add_argument("--output", type=Path, help="all columns as a CSV file")
    parser.add_argument("--threads", type=int, default=1)


def run(arguments: argparse.Namespace) -> int:
    """Print a line a file; the whole table goes to ``--output``."""
    models = load_models(arguments.models)
    table, rejected = measure(arguments.files, arguments.library, models, arguments.threads)
    print(table[list(SHOWN)].round(3).to_string(index=False))
    for row in rejected.itertuples():
        print(f"not used: {row.filename}: {row.reason}")
    if models.simulated:
        print("Teff to [alpha/M] are of models of simulated spectra: not for science (docs/guide/training.md).")
    if arguments.output:
        with atomic_path(arguments.output) as temporary:
            table.to_csv(temporary, index=False)
        print(f"{len(table)} spectra, {len(table.columns)} columns: {arguments.output}")
    return 0
