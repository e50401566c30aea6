"""A small survey whose truth is known, and every engine trained on it."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from places import ROOT

from mstars.core.config.check import checked
from mstars.core.constants import C_KMS
from mstars.core.labels import LABELS, STELLAR_LABELS
from mstars.engines.inputs import load_inputs, write_inputs
from mstars.engines.registry import engine_models, engine_settings, load_engine
from mstars.files.stores import write_batch
from mstars.parameters.label_set import SurveyRules
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

HERE = ROOT / "tests" / "engines"
RULES = SurveyRules("2012-01-14", 3.0, seed=1)
N_STAR = 90
INTERPOLATED, CONSTANT, MASKED, NO_RV, OTHER = 1, 2, 3, 4, 5
"""Rows of the store with what the name says; OTHER is of a class that no engine has."""


@dataclass
class Survey:
    """Spectra whose four lines have depths that go with the labels.

    ``catalog`` and ``table`` are for one class; ``read`` gives the tables that a training set is made of.
    """

    folder: Path
    store: Path
    spectra: SpectrumSet
    catalog: pd.DataFrame
    table: pd.DataFrame
    tables: dict

    def read(self, name, columns=None):
        return self.tables[name] if columns is None else self.tables[name][columns]


def simulated_labels(draws, n):
    """Labels that go together, as stars' do, each with a part of its own: scaled, and in K and dex."""
    scaled = 0.85 * draws.uniform(-1, 1, (n, 1)) + 0.5 * draws.uniform(-1, 1, (n, len(LABELS)))
    return scaled, scaled * [300, 0.3, 0.4, 0.1] + [3600, 4.8, -0.2, 0.05]


def simulated_flux(draws, scaled, rv, noise=0.01):
    wave = lamost_wavelength()
    rest = wave / (1 + rv[:, None] / C_KMS)
    flux = 1 + 0.3 * (rest / 6000 - 1)
    for column, centre in enumerate((6500, 7100, 7800, 8500)):
        flux -= (0.45 + 0.3 * scaled[:, [column]]) * np.exp(-0.5 * ((rest - centre) / 40) ** 2)
    return (flux + draws.normal(0, noise, flux.shape)).astype(np.float32)


def make_survey(folder, kind):
    draws = np.random.default_rng(5)
    scaled, labels = simulated_labels(draws, N_STAR)
    rv = draws.normal(0, 60, N_STAR)
    flux = simulated_flux(draws, scaled, rv)
    keys = np.array([f"56000-P1-sp01-{number:03d}" for number in range(N_STAR)])
    mask = np.zeros(flux.shape, np.uint8)
    mask[INTERPOLATED, 500:3000] = 1
    flux[CONSTANT], mask[MASKED] = 1, 1
    spectra = SpectrumSet(flux, np.full_like(flux, 1e4), mask, lamost_wavelength(), keys)
    store = folder / "b1.h5"
    write_batch(store, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"reason": []}))
    catalog = pd.DataFrame({"spectrum_key": keys, "batch": "b1", "luminosity_class": kind, "rv": rv})
    catalog = catalog.assign(ra=10.0 + np.arange(N_STAR), dec=5.0, obsdate="2013-01-01")
    catalog = catalog.assign(snru=1.0, snrg=20.0, snrr=40.0, snri=50.0, snrz=60.0)
    apogee = pd.DataFrame({"spectrum_key": keys, "apogee_id": keys, "SNR": 100.0, "ASPCAPFLAG": 0})
    apogee["ASPCAP_CLASS"] = "Md_a" if kind == "dM" else "GKg_a"
    for column, label in enumerate(STELLAR_LABELS):
        apogee[label.apogee], apogee[f"{label.apogee}_ERR"] = labels[:, column], [60, 0.05, 0.02, 0.01][column]
    apogee.loc[7, "ALPHA_M_ERR"] = np.nan  # a label without an error
    for label in STELLAR_LABELS:
        apogee.loc[8, label.apogee] = -9999.0  # an APOGEE star without labels
    tables = {
        "m_catalog": catalog,
        "apogee": apogee,
        "spectra": pd.DataFrame({"spectrum_key": keys, "batch": "b1", "row": np.arange(N_STAR)}),
        "stars": pd.DataFrame({"spectrum_key": keys, "star_id": keys}),
    }
    table = pd.DataFrame(labels, columns=LABELS)
    return Survey(folder, store, spectra, catalog, table, tables)


@dataclass
class Trained:
    """An engine with its models of one class, of the stars of `Survey`."""

    engine: object
    settings: dict
    survey: Survey
    kind: str
    training: pd.DataFrame
    summary: dict
    x: object
    folders: dict

    def load(self):
        parts = self.engine.info.predicting(list(self.folders))
        return self.engine.load([self.folders[part] for part in parts], kind=self.kind, settings=self.settings)


def small_settings(name):
    """The settings with tests/engines/small_{name}.yaml over the defaults: quick trainings."""
    changes = HERE / f"small_{name}.yaml"
    said = yaml.safe_load(changes.read_text()) if changes.is_file() else {}
    return engine_settings(checked(said, engine_models()), name)


def train_engine(name, folder, seed=1, n_parts=None):
    """The engine's training set, inputs and models of its first class, or what make_{name}.py makes of the survey.

    ``n_parts``: only the first of its parts.
    """
    engine, settings = load_engine(name), small_settings(name)
    kind = engine.info.kinds[0]
    survey = make_survey(folder, kind)
    special = HERE / f"make_{name}.py"
    if special.is_file():
        module = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location(special.stem, special))
        spec.loader.exec_module(module)
        return Trained(engine, settings, survey, kind, *module.make(engine, settings, survey, folder, seed))
    training, summary = engine.training_set(survey.read, kind=kind, settings=settings, rules=RULES)
    write_inputs(engine, training, {"b1": survey.store}, settings, folder / "inputs")
    x = load_inputs(folder / "inputs", engine, settings, len(training))
    folders = {}
    for part in engine.info.part_names(settings["folds"])[:n_parts]:
        folders[part] = folder / f"{engine.info.stem}_{kind}" / part
        about = {"trained_on": "simulated", "survey": "test", "training_set": summary["hash"]}
        engine.train(
            x, training, kind=kind, part=part, settings=settings, seed=seed, folder=folders[part], about=about
        )  # fmt: skip
    return Trained(engine, settings, survey, kind, training, summary, x, folders)
