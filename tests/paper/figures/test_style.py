"""What all figures share: bytes, notes without data, densities."""

import numpy as np
import pandas as pd
import pytest
from figure_words import gaia_table, velocities, words

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.paper.figures.colour_magnitude import draw_cmd
from mstars.paper.figures.confusion import draw_confusion
from mstars.paper.figures.sequences import draw_colour, draw_kiel
from mstars.paper.figures.stellar_parameters import draw_internal_errors, draw_label_comparison
from mstars.paper.figures.style import density, new_figure, save
from mstars.paper.figures.velocity_comparison import Comparison, comparisons, draw_gaia_comparison, draw_rv_comparison
from mstars.sky.cmd import DM_REGIONS, GM_LINE

REGION = np.array([(0.7, 5.0), (1.4, 5.0), (5.0, 16.5), (4.0, 16.5)])

LINE = (1.8, -2.2)


def catalog(n=200):
    generator = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "spectrum_key": [f"k{i}" for i in range(n)],
            "snr_i": generator.uniform(1, 250, n),
            "luminosity_class": np.where(np.arange(n) % 4 == 0, "gM", "dM"),
            "rv_flag": 1,
            "parameter_flag": (np.arange(n) % 5 > 0).astype(int),
            "teff": generator.uniform(3200, 4000, n),
            "logg": generator.uniform(0, 5, n),
            "m_h": generator.uniform(-1, 0.3, n),
            "bp_rp": generator.uniform(1.6, 3, n),
        }
    )
    for name in ("rv", *LABELS):
        table[f"{name}_err"] = generator.uniform(0, 1, n)
    return table


def labels(n=50):
    generator = np.random.default_rng(0)
    table = pd.DataFrame({"snr_i": generator.uniform(-5, 150, n)})
    for name in LABELS:
        table[f"{name}_true"] = generator.normal(size=n)
        table[f"{name}_predicted"] = table[f"{name}_true"] + generator.normal(size=n) / 10
    return table


def photometry(n=100):
    return pd.DataFrame(
        {"bp_rp_0": np.linspace(0, 4, n), "M_G_0": np.linspace(-2, 14, n), "CMD_flag": 1, "CMD_pos": "dM"}
    )


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_confusion(pd.DataFrame({"truth": ["M", "WD", "M"], "predicted": ["M", "WD", "WD"]}), "CNN-WDM"),
        lambda: draw_cmd(photometry(), REGION, LINE),
        lambda: draw_kiel({"This work": catalog()}),
        lambda: draw_colour({"APOGEE": catalog(), "This work": catalog()}, "bp_rp", "colour (mag)"),
        lambda: draw_internal_errors(catalog()),
        lambda: draw_label_comparison({"dM": labels(), "gM": labels()}, {"dM": 3, "gM": 0}),
        lambda: draw_rv_comparison([velocities(), velocities(), velocities()]),
    ],
    ids=["confusion", "cmd", "kiel", "colour", "errors", "labels", "velocities"],
)
def test_a_figure_with_data_is_written(draw, tmp_path):
    figure = draw()
    save(figure, [tmp_path / "first.png"], dpi=50)
    assert (tmp_path / "first.png").read_bytes()[1:4] == b"PNG"
    assert "no data" not in words(figure)


def test_a_figure_has_the_same_bytes_each_time_as_pdf_and_as_png(tmp_path):
    for name in ("first", "second"):
        save(draw_cmd(photometry(), REGION, LINE), [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"], dpi=50)
    assert (tmp_path / "first.pdf").read_bytes()[:5] == b"%PDF-"
    for suffix in ("pdf", "png"):
        assert (tmp_path / f"first.{suffix}").read_bytes() == (tmp_path / f"second.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("draw", "reason"),
    [
        (lambda: draw_confusion(pd.DataFrame({"truth": [], "predicted": []}), "CNN-SPT"), "validation set is empty"),
        (lambda: draw_cmd(photometry().assign(CMD_flag=0), REGION, LINE), "no spectrum with CMD_flag = 1"),
        (lambda: draw_cmd(photometry(0), REGION, LINE), "Gaia"),
        (lambda: draw_kiel({"This work": catalog(0)}), "no spectrum with parameters"),
        (lambda: draw_colour({"This work": catalog(0)}, "bp_rp", "colour"), "no spectrum with this colour"),
        (lambda: draw_internal_errors(catalog().assign(rv_err=np.nan)), "no recommended rv"),
        (lambda: draw_internal_errors(catalog(0)), "no recommended teff"),
        (lambda: draw_label_comparison({"dM": labels(0), "gM": labels()}, {"gM": 1}), "no star with this label"),
        (
            lambda: draw_rv_comparison([Comparison("TM", np.array([]), np.array([]), np.nan, np.nan, 3)]),
            "no spectrum with both",
        ),
    ],
)
def test_without_data_a_figure_says_so_with_the_reason(draw, reason, tmp_path):
    figure = draw()
    save(figure, [tmp_path / "empty.png"], dpi=50)
    assert "no data" in words(figure) and reason in words(figure)
    with pytest.raises(InputError, match=r"^fig: no data: .+; with figures.missing: say"):
        save(figure, [tmp_path / "fig.png"], missing="stop")
    assert not (tmp_path / "fig.png").exists()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_cmd(photometry().assign(bp_rp_0=np.nan), REGION, LINE),
        lambda: draw_kiel({"This work": catalog().assign(logg=np.nan)}),
        lambda: draw_colour({"This work": catalog().assign(bp_rp=np.nan)}, "bp_rp", "colour"),
        lambda: draw_internal_errors(catalog().assign(teff_err=np.nan)),
        lambda: draw_label_comparison({"dM": labels().assign(m_h_true=np.nan)}, {"dM": 1}),
        lambda: draw_gaia_comparison(gaia_table().assign(gaia_rv=np.nan)),
        lambda: draw_rv_comparison(comparisons(empty_selection(), dict.fromkeys(("tm", "dsal1", "dsal2"), NO_BAND))),
    ],
    ids=["cmd", "kiel", "colour", "errors", "labels", "gaia", "velocities"],
)
def test_a_column_all_null_is_no_data_with_the_reason(draw, tmp_path):
    figure = draw()
    save(figure, [tmp_path / "a.png"], dpi=50)
    assert "no data" in words(figure) and figure.missing


NO_BAND = {"mean": None, "sigma": None, "k": 3}


def empty_selection():
    return pd.DataFrame({"lamost_rv": [1.0], "rv_tm": np.nan, "rv_dsal1": np.nan, "rv_dsal2": np.nan, "dsal_used": ""})


def test_many_points_become_a_density_and_few_stay_points():
    axes = new_figure(3, 3).subplots()
    x = np.random.default_rng(0).normal(size=5000)
    assert density(axes, x[:100], x[:100]) is None
    image = density(axes, x, x)
    assert image.get_array().sum() == 5000
    assert density(axes, np.full(9, np.nan), x[:9]) is None


@pytest.mark.parametrize(("own", "said"), [("", 0), ("bp_rp", 1)])
def test_the_legend_says_whose_colours_isochrones_have(own, said):
    line = pd.DataFrame({"teff": [3000.0, 4000.0], "logg": 5.0, "bp_rp": [3.0, 1.8], "mean_colours": own})
    line.attrs["m_h"] = 0.0
    figure = draw_colour({"This work": catalog()}, "bp_rp", "colour", [line])
    title = figure.legends[0].get_title().get_text()
    assert ("Cifuentes et al. 2020" in title and "not PARSEC's" in title) == said
    figure.draw_without_rendering()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width


def test_the_region_in_force_is_drawn():
    photometry = catalog().assign(bp_rp_0=2.0, M_G_0=9.0, CMD_flag=1, CMD_pos="dM")
    for region in DM_REGIONS.values():
        lines = draw_cmd(photometry, region, GM_LINE).axes[0].lines
        assert any(np.array_equal(line.get_xydata()[:4], region) for line in lines)
