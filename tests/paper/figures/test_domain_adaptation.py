import numpy as np
import pandas as pd
import pytest
from figure_words import words

from mstars.paper.figures.domain_adaptation import (
    draw_emulator,
    draw_experiment,
    draw_losses,
    draw_maps,
    draw_preprocessing,
    draw_residuals,
)

DRAWS = np.random.default_rng(1)
MASKS = [(6270, 6330), (7150, 7350)]


def experiment_numbers(**more):
    said = {"bias": 12.3, "sigma": 0.456, "moved": 0.78, "r2_split": 0.1, "slope": 0.9, **more}
    return {label: said for label in ("teff", "logg", "m_h")}


@pytest.mark.parametrize("experiment", ["split", "zero_point", "gravity"])
def test_an_experiment_says_its_numbers_and_axes(experiment):
    centres = {"teff": 3500, "logg": 5, "m_h": 0}
    table = pd.DataFrame({f"{label}_{name}": DRAWS.normal(centre, 0.1, 50)
                          for label, centre in centres.items() for name in ("own", "other")})  # fmt: skip
    said = words(draw_experiment(table, experiment_numbers(), experiment))
    assert "median +12, scatter 0" in said and "median +12.30, scatter 0.46" in said
    assert ("0.78 of the error" in said) == (experiment == "split") and ("slope 0.90" in said) == (
        experiment != "split"
    )
    known = words(draw_experiment(table, experiment_numbers(sigma_true_own=1.0, sigma_true_other=2.0), "gravity"))
    assert "scatter about the truth 1.00, 2.00" in known


def test_an_experiment_without_spectra_says_so():
    table = pd.DataFrame(
        {f"{label}_{name}": [np.nan] for label in ("teff", "logg", "m_h") for name in ("own", "other")}
    )
    assert "no data" in words(draw_experiment(table, experiment_numbers(), "split"))


def test_the_emulators_figure_has_only_nodes_that_validate():
    nodes = pd.DataFrame({"teff": [3000, 3500, 4000], "logg": 5.0, "m_h": [-1, 0, 0.5], "error": [0.01, 0.5, 0.03]})
    figure = draw_emulator(nodes.assign(valid=[True, False, True]))
    assert "median 2.00 %, 2 spectra" in words(figure)
    assert all(len(axes.collections[0].get_offsets()) == 2 for axes in figure.axes[:2])


def test_losses_maps_and_residuals_show_what_they_are_given():
    history = pd.DataFrame({"iteration": [1, 2, 3], "adv": 1.4, "critic": 2.7, "chi2": [3, 2, 1], "chi2_theory": 4.0})
    history = history.assign(**dict.fromkeys(("rec_synth", "rec_obs", "cr_synth", "cr_obs"), 1.0))
    figure = draw_losses(history)
    assert [len(axes.lines) for axes in figure.axes] == [4, 2, 2] and "critics" in words(figure)
    maps = pd.DataFrame({"panel": np.repeat(["spectra", "latents", "transferred"], 20), "x": DRAWS.normal(size=60)})
    maps = maps.assign(y=DRAWS.normal(size=60), domain=np.tile(["observed", "synthetic"], 30))
    assert all(len(axes.collections) == 2 for axes in draw_maps(maps).axes)
    table = pd.DataFrame({"wavelength": [6000.0, 7000, 8000], "error": 0.1, "theory": 0.2, "transfer": 0.1})
    said = words(draw_residuals(table, {"theory": 2.0, "transfer": 1.01}, MASKS))
    assert "without transfer: 2.00 of the noise" in said and "with transfer: 1.01 of the noise" in said


def test_a_spectrum_is_shown_in_its_four_steps():
    spectrum = pd.DataFrame({"wavelength": np.arange(6000.0, 8900, 10)})
    spectrum = spectrum.assign(flux=1.0, continuum=1.0, error=0.1, normalised=1.0, normalised_error=0.1)
    figure = draw_preprocessing(spectrum, "one", MASKS)
    assert (
        len(figure.axes) == 4 and len(figure.axes[0].lines) == 2 and all(len(axes.patches) == 2 for axes in figure.axes)
    )
