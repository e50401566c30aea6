import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.paper.figures.cmd import draw_cmd
from mstars.paper.figures.confusion import confusion, draw_confusion
from mstars.paper.figures.parameters import draw_internal_errors, draw_label_comparison, running_error
from mstars.paper.figures.sequences import draw_colour, draw_kiel
from mstars.paper.figures.style import density, new_figure, save
from mstars.paper.figures.velocities import Comparison, comparisons, draw_gaia_comparison, draw_rv_comparison

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


def velocities(n=100):
    lamost = np.linspace(-100, 100, n)
    return Comparison("TM", lamost, lamost + 4 + np.where(np.arange(n) < 7, 300, 0), 4.0, 12.0, 3)


def words(figure):
    return " ".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


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


def test_the_confusion_matrix_counts_true_classes_in_rows_in_the_papers_order():
    classes, counts = confusion(["QSO", "M", "M", "OB"], ["QSO", "K", "M", "OB"])
    assert classes == ["OB", "K", "M", "QSO"]
    assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]


def test_average_accuracy_is_the_mean_over_classes_that_occur():
    truth = ["M"] * 9 + ["WD"]
    figure = draw_confusion(pd.DataFrame({"truth": truth, "predicted": ["M"] * 9 + ["QSO"]}), "CNN-WDM")
    assert "average accuracy 50.00%, 10 spectra" in words(figure)


def test_running_error_is_the_median_of_intervals_five_wide():
    snr = np.array([11, 12, 13, 14, 14.9, 199, 200, 300, -9999, np.nan])
    error = np.array([1.0, 2, 3, 4, 5, 7, 8, 9, 10, 11])
    table = running_error(snr, error)
    assert table["snr"].tolist() == [12.5, 197.5] and table["n"].tolist() == [5, 1]
    assert table["median"].tolist() == [3.0, 7.0]
    assert np.allclose(table["p16"][0], np.percentile(error[:5], 16))


def test_the_rv_panel_counts_what_lies_outside_its_band():
    assert velocities().outside == 7
    assert "100 spectra, 7 outside" in words(draw_rv_comparison([velocities()]))


def test_many_points_become_a_density_and_few_stay_points():
    axes = new_figure(3, 3).subplots()
    x = np.random.default_rng(0).normal(size=5000)
    assert density(axes, x[:100], x[:100]) is None
    image = density(axes, x, x)
    assert image.get_array().sum() == 5000
    assert density(axes, np.full(9, np.nan), x[:9]) is None


def test_figure_10_compares_dsal_only_outside_the_tm_band():
    selection = pd.DataFrame(
        {
            "lamost_rv": [0.0, 0.0, 0.0, np.nan],
            "rv_tm": [1.0, 90.0, 95.0, 5.0],
            "rv_dsal1": [2.0, 90.0, np.nan, 1.0],
            "rv_dsal2": [3.0, 80.0, 70.0, 2.0],
            "dsal_used": ["", "I", "II", ""],
        }
    )
    band = {"mean": 3.63, "sigma": 11.95, "k": 3}
    tm, first, second = comparisons(selection, {"tm": band, "dsal1": band, "dsal2": {**band, "sigma": None}})
    assert tm.other.tolist() == [1, 90, 95] and tm.outside == 2
    assert first.other.tolist() == [90] and first.outside == 1
    assert second.other.tolist() == [70] and np.isnan(second.sigma)


def gaia_table(n=40):
    generator = np.random.default_rng(0)
    gaia = generator.normal(0, 50, n)
    table = pd.DataFrame({"gaia_rv": gaia, "rv": gaia - 5, "lamost_rv": gaia - 5, "good": np.arange(n) < n // 2})
    table["updated"], table["doubted"] = np.arange(n) % 5 == 0, np.arange(n) % 50 == 1
    return table


def test_figure_14_shows_both_qualities_and_says_what_is_missing(tmp_path):
    figure = draw_gaia_comparison(gaia_table())
    save(figure, [tmp_path / "a.png"])
    assert words(figure).count("$\\mu$ = -5.0") == 2 and "not reviewed" in words(figure)
    assert "not reviewed" not in words(draw_gaia_comparison(gaia_table().assign(doubted=False)))
    assert "no low-quality spectra with a reliable" in words(draw_gaia_comparison(gaia_table().query("good")))
