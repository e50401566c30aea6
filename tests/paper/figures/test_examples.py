"""Figures of example spectra."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.files.stores import write_batch
from mstars.paper.figures.examples import (
    class_examples,
    draw_examples,
    non_m_examples,
    read_examples,
    velocity_examples,
    wanted_rows,
)
from mstars.paper.figures.style import save
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

KEYS = np.array([f"1-a-sp01-00{number}" for number in range(6)])


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "spectrum_key": KEYS,
            "obsid": pd.array([11, 12, 13, None, 15, 16], "Int64"),
            "snri": [5.0, 50, 20, 30, 10, 40],
            "subclass": "M2",
            "label": ["qso", "qso", "galaxy", "galaxy", "F", "unknown"],
            "lamost_class": ["dM", "gM", "dM", "gM", "dM", ""],
            "luminosity_class": ["gM", "dM", "dM", "gM", "gM", "dM"],
            "lamost_rv": [10.0, np.nan, 0.0, 0.0, 0.0, 0.0],
            "rv_paper": [10.0, 20.0, np.nan, 0.0, 0.0, 30.0],
            "rv_paper_from": ["LAMOST", "TM", "NoRV_lowQuality", "LAMOST", "LAMOST", "DSEL"],
        }
    )


@pytest.fixture
def spectra(tmp_path):
    flux = np.random.default_rng(0).normal(10, 1, (6, N_PIXEL)).astype("f4")
    mask = np.zeros((6, N_PIXEL), np.uint8)
    mask[1] = 1
    batch = SpectrumSet(flux, np.ones_like(flux), mask, lamost_wavelength(), KEYS)
    write_batch(tmp_path / "b.h5", batch, pd.DataFrame({"spectrum_key": KEYS}), pd.DataFrame({"reason": []}))
    index = pd.DataFrame({"spectrum_key": KEYS, "batch": "b", "row": range(6)})
    return lambda keys: read_examples(keys, index, lambda name: tmp_path / f"{name}.h5")


def test_each_kind_gets_a_panel_before_any_gets_a_second(table):
    rows = wanted_rows(table, [], "label", ("F", "galaxy", "qso"), 5)
    assert rows["label"].tolist() == ["F", "galaxy", "galaxy", "qso", "unknown"]
    assert rows["snri"].tolist() == [10, 30, 20, 50, 40]


def test_the_config_can_name_obsids_and_keys(table):
    rows = wanted_rows(table, [15, KEYS[0]], "label", (), 5)
    assert rows["spectrum_key"].tolist() == [KEYS[4], KEYS[0]]
    with pytest.raises(InputError, match="figures.examples: 99 is not among"):
        wanted_rows(table, [99], "label", (), 5)


def test_examples_of_each_figure(table):
    assert [example.title for example in non_m_examples(table, most=2)] == ["M2 -> F", "M2 -> galaxy"]
    classes = class_examples(table)
    assert [example.title for example in classes] == ["gM -> dM", "dM -> gM", "dM -> gM"]
    velocities = velocity_examples(table)
    assert [example.title for example in velocities] == ["TM", "DSEL", "NoRV_lowQuality"]
    assert [len(example.marks) for example in velocities] == [1, 2, 1]
    assert velocities[1].marks[1][0][1] == pytest.approx(6564.6 * (1 + 30 / 299792.458))


@pytest.mark.parametrize("choose", [non_m_examples, class_examples, velocity_examples])
def test_drawing_also_a_spectrum_without_a_good_pixel(choose, table, spectra, tmp_path):
    shown = choose(table)
    save(draw_examples(shown, spectra([example.key for example in shown]), "none"), [tmp_path / "a.png"])
    save(draw_examples([], {}, "none of that kind"), [tmp_path / "b.png"])
    assert choose(table.iloc[:0]) == []


def test_a_key_without_a_spectrum_is_named(spectra):
    with pytest.raises(InputError, match="no stored spectrum of x"):
        spectra([KEYS[0], "x"])
