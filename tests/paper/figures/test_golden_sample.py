"""Figures of the golden sample: each is drawn from tables like the workflow's, and says so where there is nothing."""

import numpy as np
import pandas as pd
import pytest

from mstars.paper.figures import golden_sample as figures
from mstars.paper.figures import laspm

LABELS = ("teff", "logg", "m_h")


def labels(n=200):
    draws = np.random.default_rng(1)
    colour = draws.uniform(1.8, 3.2, n)
    table = pd.DataFrame({"luminosity_class": "dM", "bp_rp_0": colour, "M_G_0": 2.5 * colour + 3})
    table["primary"], table["supplement"], table["logg"] = colour > 2, colour > 3, 4.8
    return table


def band():
    steps = {"colour": [2.0, 2.5, 3.0], "mean": [8.0, 9.2, 10.5], "sigma": [0.5, 0.5, 0.5]}
    return {"steps": steps, "coefficients": [2.5, 3.0], "width": 0.8}


def differences(n=300):
    draws, rows = np.random.default_rng(2), []
    for label, sigma in zip(LABELS, (60, 0.1, 0.1), strict=True):
        rows.append(pd.DataFrame({"source": "aspcap", "label": label, "difference": draws.normal(sigma, sigma, n)}))
    offsets = pd.DataFrame({"source": "aspcap", "label": LABELS, "mean": (60, 0.1, 0.1), "sigma": (60, 0.1, 0.1)})
    offsets = offsets.assign(n=n, used=True, luminosity_class="dM")
    return pd.concat(rows).assign(luminosity_class="dM"), offsets


def pairs(n=100):
    draws = np.random.default_rng(3)
    x = {f"{label}_x": draws.normal(size=n) for label in LABELS}
    return pd.DataFrame(x | {f"{label}_y": x[f"{label}_x"] + 0.1 * draws.normal(size=n) for label in LABELS})


def repeats(n=400):
    draws = np.random.default_rng(4)
    table = pd.DataFrame({"star_id": [f"s{number // 2}" for number in range(n)], "snri": draws.uniform(10, 150, n)})
    return laspm.deviations(table.assign(**{label: draws.normal(size=n) for label in LABELS}))


def missing(figure):
    return getattr(figure, "missing", [])


def test_every_figure_shows_its_data():
    off, offsets = differences()
    history = pd.DataFrame({"luminosity_class": "dM", "round": [1, 1, 2, 2], "step": [1, 2, 1, 2]})
    leave_one_out = pairs().rename(columns=lambda name: name.replace("_x", "_true").replace("_y", "_oof"))
    wavelength, flux = np.linspace(3900, 8800, 50), np.random.default_rng(5).uniform(0.5, 1.5, (4, 50))
    drawn = [
        figures.draw_band(labels(), band(), "dM"),
        figures.draw_offsets(off, offsets, "dM"),
        figures.draw_supplement(labels()),
        figures.draw_clusters(wavelength, flux, {"eps auto": np.array([1, 1, 0, 1], bool)}, "a bin"),
        figures.draw_loss(history.assign(loss=0.5, test_loss=0.6)),
        figures.draw_pairs(pairs(), ("label", "network")),
        figures.draw_leave_one_out(leave_one_out),
        figures.draw_spectra(wavelength, [[("one", flux[0]), ("two", flux[1])], [("three", flux[2])]], ""),
        laspm.draw_errors(repeats()),
        laspm.draw_deviations(repeats()),
    ]
    assert not [one for figure in drawn for one in missing(figure)]
    for figure in drawn:
        figure.canvas.draw()


def test_the_band_is_where_its_polynomial_says():
    axes = figures.draw_band(labels(), band(), "dM").axes[0]
    lines = [line for line in axes.lines if line.get_linestyle() in ("--", ":")]
    x = lines[0].get_xdata()
    np.testing.assert_allclose(lines[0].get_ydata(), 2.5 * x + 3)
    np.testing.assert_allclose(lines[2].get_ydata() - lines[1].get_ydata(), 1.6)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: figures.draw_band(labels()[:0], band(), "gM"), "M giants"),
        (lambda: figures.draw_offsets(*(table[:0] for table in differences()), "gM"), "no catalogue"),
        (lambda: figures.draw_supplement(labels().assign(supplement=False)), "precise"),
        (lambda: figures.draw_clusters(np.arange(3.0), np.zeros((0, 3)), {}, ""), "no bin"),
        (lambda: figures.draw_loss(pd.DataFrame({"luminosity_class": []})), "enough stars"),
        (lambda: figures.draw_pairs(pairs()[:0], ("a", "b")), "no spectrum with both"),
        (lambda: figures.draw_spectra(np.arange(3.0), [], "no such stars"), "no such stars"),
        (lambda: laspm.draw_errors(repeats()[:0]), "two spectra"),
        (lambda: laspm.draw_deviations(repeats()[:0]), "two spectra"),
    ],
)
def test_a_figure_without_data_says_why(draw, said):
    assert any(said in one for one in missing(draw()))


def test_the_kiel_diagram_of_all_stars_holds_both_and_says_what_is_missing():
    draws = np.random.default_rng(4)
    cool = pd.DataFrame({"teff": draws.uniform(3100, 3900, 800), "logg": 4.8})
    warm = pd.DataFrame({"teff": draws.uniform(4000, 9000, 900), "logg": draws.uniform(1, 5, 900)})
    counts = {}
    for name, others in (("both", warm), ("alone", None)):
        figure = laspm.draw_all_stars(cool, others)
        axes = figure.axes[0]
        counts[name] = axes.collections[0].get_array().sum()
        assert axes.get_xlim()[0] > axes.get_xlim()[1] and axes.get_ylim()[0] > axes.get_ylim()[1]
        told = " ".join(text.get_text() for text in [*axes.texts, *figure.texts])
        assert ("no catalogue of A to K stars" in told) == (others is None)
    assert counts == {"both": 1700, "alone": 800}
    nothing = laspm.draw_all_stars(cool[:0], None)
    assert "no star" in " ".join(text.get_text() for text in nothing.axes[0].texts)
