"""A plan, the maker of its spectra, and a survey on disk."""

import numpy as np
import pandas as pd
import pytest

from mstars.simulate.catalog_tables import write_catalogs
from mstars.simulate.observations import draw_survey
from mstars.simulate.plates import write_plate
from mstars.simulate.spectrum_maker import SpectrumMaker
from mstars.simulate.truth import write_truth
from mstars.templates.emulator import Emulator
from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary, save_library

SOURCES = ["bochanski", "kesseli", "stelib", "mastar_ssp"]


def fake_library(path):
    """A library with the sources the simulation needs, of smooth made-up spectra with a few lines."""
    rng = np.random.default_rng(4)
    rows, flux = [], []

    def add(source, letter, subclass, luminosity, teff):
        kind = {"giant": "gM"}.get(luminosity, "dM") if letter == "M" else letter
        rows.append([subclass, source, kind, letter, subclass, luminosity, teff, 4.5, 0.0, 1800.0, 0.0, ""])
        temperature = teff if np.isfinite(teff) else 6000.0
        body = LIBRARY_GRID**-5 / np.expm1(1.4388e8 / LIBRARY_GRID / temperature)
        band = np.exp(-0.5 * ((LIBRARY_GRID - 7140) / 40) ** 2) * np.clip((4200 - temperature) / 1600, 0, 0.8)
        lines = sum(0.3 * np.exp(-0.5 * ((LIBRARY_GRID - x) / 3) ** 2) for x in (5893, 6564.6, 8500.4, 8544.4, 8664.5))
        flux.append(body / np.median(body) * (1 - band) * (1 - lines) * np.exp(0.01 * rng.standard_normal(body.size)))

    for number, teff in enumerate((3850, 3660, 3560, 3430, 3210, 3060, 2810, 2600)):
        add("bochanski", "M", f"M{number}", "dwarf", teff)
    for subclass, teff in (("K7", 4070), ("K5", 4440)):
        add("kesseli", "K", subclass, "dwarf", teff)
    for letter, teff in (("O", 30000), ("B", 15000), ("A", 8500), ("F", 6600), ("G", 5600), ("K", 4800)):
        for step in range(3):
            add("stelib", letter, f"{letter}{step}", "dwarf", teff * (1 + 0.02 * step))
    add("stelib", "M", "M1", "giant", 3800)
    add("stelib", "M", "M6", "giant", 3300)
    add("mastar_ssp", "GALAXY", "SSP 9.0 Gyr", "", np.nan)
    add("mastar_ssp", "GALAXY", "SSP 0.1 Gyr", "", np.nan)
    labels = ("teff", "logg", "mh", "om", "mgm", "sim", "cam", "tim")
    grid = 3500.0 + 0.5 * np.arange(14001)
    band = np.exp(-0.5 * ((grid - 7140) / 40) ** 2)
    weight = np.zeros((14001, 8), "f4")
    weight[:, 0], weight[:, 2] = 0.7 * band, -0.2 * band
    emulator = Emulator(
        labels,
        np.array([3500.0, 0.0, -2.5, *[-0.6] * 5]),
        np.array([4200.0, 3.5, 0.5, *[0.6] * 5]),
        [weight],
        [(1 - 0.45 * band).astype("f4")],
    )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    save_library(TemplateLibrary(LIBRARY_GRID, np.array(flux, "f4"), table), path, emulator)
    return path


@pytest.fixture(scope="session")
def maker(tmp_path_factory):
    return SpectrumMaker(fake_library(tmp_path_factory.mktemp("library") / "library.h5"), SOURCES)


@pytest.fixture(scope="session")
def plan():
    return draw_survey("ci", 3)


@pytest.fixture(scope="session")
def survey(maker, plan, tmp_path_factory):
    """A whole survey of size ci on disk."""
    folder = tmp_path_factory.mktemp("survey") / "sim"
    measured = []
    for plate, rows in plan.groupby("plate"):
        write_plate(
            rows.reset_index(drop=True), maker, 3, folder / "fits" / plate, folder / "plates" / f"{plate}.parquet"
        )
        measured.append(pd.read_parquet(folder / "plates" / f"{plate}.parquet"))
    measured = pd.concat(measured, ignore_index=True)
    write_catalogs(plan, measured, "ci", 3, folder)
    write_truth(plan, measured, folder, {"size": "ci", "seed": 3, "make_sources": SOURCES, "match_sources": ["mastar"]})
    return folder
