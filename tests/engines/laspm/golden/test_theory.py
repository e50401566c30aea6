"""Recalibration to computed shapes: the planted curves go, the bands stay, bad grids are told."""

import numpy as np
import pandas as pd
import pytest
from made_golden import CENTRE, SPAN, clean_flux, make_candidates

from mstars.core.errors import InputError
from mstars.engines.laspm.golden.sample import after_review, cluster_candidates, finish_sample
from mstars.engines.laspm.golden.settings import Golden
from mstars.engines.laspm.golden.spectra import GRID
from mstars.engines.laspm.golden.theory import TheoryShapes, brought_to_theory, read_shapes, shapes_by_kind
from mstars.spectra.normalisation import mean_normalised
from mstars.templates.theory import TheoryGrid, save_theory

KNOTS = [-1.0, 0.0, 1.0]
NAMES = ["teff", "logg", "m_h"]
SETTINGS = Golden().model_dump()


def theory(wavelength=GRID.wavelength, curve=0.0):
    """The made stars' own spectra at 27 knots of the labels; a slow curve makes them wrong."""
    scaled = np.array([(a, b, c) for a in KNOTS for b in KNOTS for c in KNOTS])
    flux = clean_flux(scaled) * (1 + curve * np.sin(np.linspace(0, 9, len(GRID))))
    flux = np.stack([np.interp(wavelength, GRID.wavelength, row) for row in flux])
    labels = pd.DataFrame(scaled * SPAN + CENTRE, columns=NAMES).assign(alpha_m=0.0)
    return TheoryGrid(np.asarray(wavelength), np.maximum(flux, 0.01).astype(np.float32), labels, {"title": "made"})


def slopes(flux):
    x = np.linspace(-1, 1, flux.shape[1])
    return np.polynomial.polynomial.polyfit(x, flux.T, 2)[1:]


def test_shapes_are_exact_at_the_grid_and_by_lines_between():
    grid = theory()
    shapes, labels = TheoryShapes.of(grid), grid.labels[NAMES].to_numpy()
    np.testing.assert_allclose(shapes.at(labels), shapes.flux, atol=1e-5)
    middle = shapes.at((labels[[0]] + labels[[1]]) / 2)
    np.testing.assert_allclose(middle[0], (shapes.flux[0] + shapes.flux[1]) / 2, atol=1e-5)
    far = labels[[0]] - [500, 0, 0]
    np.testing.assert_allclose(shapes.at(far), shapes.flux[[0]], atol=1e-5)
    assert shapes.beyond(np.concatenate([far, labels[[0]]])).tolist() == [True, False]


def test_a_hole_takes_the_nearest_and_one_value_of_a_label_is_no_dimension():
    grid = theory()
    lost = grid.labels[NAMES].to_numpy()[[0]]
    assert np.isfinite(TheoryShapes.of(grid.select(np.arange(1, 27))).at(lost)).all()
    one_gravity = grid.within({"logg": (CENTRE[1], CENTRE[1])})
    shapes = TheoryShapes.of(one_gravity)
    assert len(shapes.flux) == 9 and np.isfinite(shapes.at(lost)).all()
    line = TheoryShapes.of(one_gravity.within({"m_h": (CENTRE[2], CENTRE[2])}))
    np.testing.assert_allclose(line.at(CENTRE[None]), line.flux[[1]], atol=1e-5)


def test_of_several_alpha_the_solar_one_counts():
    grid = theory()
    twice = TheoryGrid(
        grid.wavelength,
        np.concatenate([2 * np.roll(grid.flux, 50, axis=1), grid.flux]),
        pd.concat([grid.labels.assign(alpha_m=0.4), grid.labels], ignore_index=True),
        grid.about,
    )
    np.testing.assert_allclose(TheoryShapes.of(twice).flux, TheoryShapes.of(grid).flux)


def test_planted_curves_of_the_flux_calibration_go():
    table, spectra, _ = make_candidates(300, bad=0)
    labels = table[NAMES].to_numpy()
    found = brought_to_theory(spectra, labels, TheoryShapes.of(theory()), 2)
    clean = clean_flux((labels - CENTRE) / SPAN).astype(np.float32)
    true = mean_normalised(clean, np.ones_like(clean))[0]
    before, after = (np.abs(slopes(one) - slopes(true)).max(axis=0) for one in (spectra.flux, found.flux))
    assert np.median(before) > 0.05 and np.median(after) < 0.02
    assert found.flux.mean(axis=1) == pytest.approx(1, abs=1e-4)
    ratio = found.flux * np.sqrt(found.ivar) / (spectra.flux * np.sqrt(spectra.ivar))
    np.testing.assert_allclose(ratio, 1, rtol=1e-3)  # the signal-to-noise does not change
    assert brought_to_theory(spectra, labels, None, 2) is spectra


def test_a_sample_recalibrated_to_theory_loses_the_bad_ones_too():
    table, spectra, what = make_candidates(600, bad=60)
    clusters = SETTINGS["clusters"] | {"recalibrate": "theory", "bins": (150, 0.1, 0.15), "keep": 30}
    settings = {**SETTINGS, "clusters": clusters, "network": SETTINGS["network"] | {"rounds": 0}}
    ready = brought_to_theory(spectra, table[NAMES].to_numpy(), TheoryShapes.of(theory(curve=0.03)), 2)
    clustered = cluster_candidates(table, ready, settings)
    decisions = clustered.queue.rename(columns={"consensus_label": "label"}).assign(review_status="provisional")
    reviewed = after_review(clustered.table, decisions)
    found = finish_sample(table, ready, reviewed, settings, np.random.default_rng(1))
    gone = (found.fates["stage"] != "member").to_numpy()
    assert gone[np.isin(what, ["lamp", "cosmic"])].all() and gone[what == "label"].mean() > 0.8
    assert gone[what == ""].mean() < 0.15
    # the shapes are theory's, and are not changed again
    np.testing.assert_array_equal(found.spectra.flux, ready.flux[found.members])


def test_grids_from_files(tmp_path):
    save_theory(theory(), tmp_path / "sed.h5")
    settings = SETTINGS | {"clusters": SETTINGS["clusters"] | {"recalibrate": "theory"}}
    found = shapes_by_kind([str(tmp_path / "sed.h5")] * 2, settings)
    assert set(found) == {"dM", "gM"} and found["gM"].flux.shape == (27, len(GRID))
    assert shapes_by_kind([], SETTINGS) == {}
    grid = theory(np.arange(3800.0, 9000.0, 1.0))
    columns = {label: grid.labels[label].to_numpy() for label in grid.labels}
    np.savez(tmp_path / "sed.npz", wavelength=grid.wavelength, flux=grid.flux, **columns)
    again = read_shapes(tmp_path / "sed.npz", "dM", {"medium": "vacuum", "resolution": 2000.0})
    assert again.flux.shape == (27, len(GRID)) and np.abs(slopes(again.flux) - slopes(found["dM"].flux)).max() < 0.01


def test_bad_grids_are_told_with_their_key(tmp_path):
    none = {"medium": None, "resolution": None}
    with pytest.raises(InputError, match=r"golden\.theory\.dM: give a theory grid, or set .*recalibrate: median"):
        read_shapes(None, "dM", none)
    save_theory(theory(GRID.wavelength[GRID.wavelength > 6000]), tmp_path / "red.h5")
    with pytest.raises(InputError, match=r"golden\.theory\.gM: .*reach from 600"):
        read_shapes(tmp_path / "red.h5", "gM", none)
    with pytest.raises(InputError, match=r"golden\.theory\.gM: .*no theory grid there"):
        read_shapes(tmp_path / "nothing", "gM", none)
