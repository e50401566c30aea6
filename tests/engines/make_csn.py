"""Cycle-StarNet on the survey of `made_engines`: a theory grid of its spectra, and its own stars as observed set."""

import itertools

import numpy as np
import pandas as pd
from made_engines import RULES, simulated_flux

from mstars.core.labels import LABELS
from mstars.engines.csn.model import population_file
from mstars.engines.csn.theory import PART, write_emulator
from mstars.engines.inputs import load_inputs, write_inputs
from mstars.files.tables import write_table
from mstars.spectra.wavelengths import lamost_wavelength
from mstars.templates.theory import TheoryGrid

CENTRE, WIDTH = np.array([3600, 4.8, -0.2, 0.05]), np.array([300, 0.3, 0.4, 0.1])
"""Of the labels of `made_engines.simulated_labels`."""


def theory():
    """Spectra without noise at 3 x 3 x 3 x 2 labels."""
    steps = np.array(list(itertools.product((-1.4, 0.0, 1.4), (-1.4, 0.0, 1.4), (-1.4, 0.0, 1.4), (-1.0, 1.0))))
    flux = simulated_flux(np.random.default_rng(1), steps, np.zeros(len(steps)), noise=0.0)
    labels = pd.DataFrame(steps * WIDTH + CENTRE, columns=list(LABELS))
    wavelength = lamost_wavelength()
    inside = (wavelength > 5900) & (wavelength < 9000)
    return TheoryGrid(wavelength[inside], flux[:, inside], labels, {"title": "of the test"})


def population(seed, n=400):
    """Labels distributed as those of the survey, with the [alpha/M] that goes with [M/H]."""
    draws = np.random.default_rng(seed)
    scaled = 0.85 * draws.uniform(-1, 1, (n, 1)) + 0.5 * draws.uniform(-1, 1, (n, 4))
    scaled[:, 3] = scaled[:, 2]
    return pd.DataFrame(np.clip(scaled, -1.39, 1.39) * WIDTH + CENTRE, columns=list(LABELS))


def make(engine, settings, survey, folder, seed):
    training, summary = engine.training_set(survey.read, kind="dM", settings=settings, rules=RULES)
    tables = {"labelled": training, "observed": survey.tables["spectra"].merge(survey.catalog[["spectrum_key", "rv"]])}
    inputs = {}
    for name, table in tables.items():
        write_inputs(engine, table.assign(batch="b1"), {"b1": survey.store}, settings, folder / name)
        inputs[name] = load_inputs(folder / name, engine, settings, len(table))
    observed = tables["observed"].assign(split=np.resize(["train"] * 7 + ["valid", "test"], len(tables["observed"])))
    models = folder / "csn_dM"
    about = {"trained_on": "simulated", "survey": "test", "training_set": summary["hash"]}
    write_emulator(theory(), kind="dM", settings=settings, seed=seed, folder=models / PART, about=about)
    write_table(population(seed), population_file(models / "all"))
    engine.train(
        inputs["observed"], observed, kind="dM", part="all", settings=settings, seed=seed, folder=models / "all",
        about=about,
    )  # fmt: skip
    return training, summary, inputs["labelled"], {"all": models / "all"}
