"""A user's style file of figures."""

from types import SimpleNamespace

import pytest
from matplotlib.colors import to_hex

from mstars.core import palette
from mstars.core.errors import InputError
from mstars.core.resources import resource
from mstars.paper.figures import colours
from mstars.paper.figures.style import figure_style, journal_style, new_figure, save_outputs, styled
from mstars.paper.figures.style_file import PACKAGED, read_style, style_digest

NAMES = ("RED", "BLUE", "GREEN", "ORANGE", "PURPLE", "SKY", "YELLOW", "GREY", "BLACK")


@styled
def draw():
    figure = new_figure(2, 2)
    figure.subplots().plot([1, 2], color=colours.RED)
    return figure


def job(tmp_path, style, name):
    outputs = [tmp_path / f"{name}.{ending}" for ending in ("pdf", "png", "csv")]
    return SimpleNamespace(config={"figures": {"style": str(style), "missing": "say"}}, output=outputs)


def saved(tmp_path, style, name):
    job_of = job(tmp_path, style, name)
    with figure_style(job_of):
        save_outputs(draw(), job_of)
    return [path.read_bytes() for path in job_of.output]


def test_the_packaged_style_has_the_palette():
    cycle = read_style(resource("figures.mplstyle"))["axes.prop_cycle"].by_key()["color"]
    assert [colour.upper() for colour in cycle] == [getattr(palette, name).upper() for name in NAMES]
    with journal_style():
        assert [to_hex(getattr(colours, name)) for name in NAMES] == [getattr(palette, name).lower() for name in NAMES]


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    style = tmp_path / "mine.mplstyle"
    style.write_text("axes.facecolor: pink\n")
    plain, again = saved(tmp_path, PACKAGED, "plain"), saved(tmp_path, PACKAGED, "again")
    pink = saved(tmp_path, style, "pink")
    assert plain == again and pink[2] == plain[2]
    assert pink[0] != plain[0] and pink[1] != plain[1]
    assert saved(tmp_path, PACKAGED, "after") == plain
    nine = [palette.BLUE.lstrip("#")] * 9
    style.write_text(f"axes.prop_cycle: cycler(color={nine})\n")
    assert saved(tmp_path, style, "blue")[1] != plain[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("axes.prop_cycle: cycler(color=['red', 'blue'])", "axes.prop_cycle has 2 colours; figures use 9"),
        ("axes.facecolour: red", "facecolour"),
        ("font.size: large\n", "font.size"),
        (None, "no such file; give a style file of matplotlib, or packaged"),
    ],
)
def test_what_matplotlib_does_not_understand_is_told(tmp_path, text, said):
    path = tmp_path / "mine.mplstyle"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_style(path)


def test_the_digest_follows_the_file(tmp_path):
    path = tmp_path / "mine.mplstyle"
    path.write_text("font.size: 9\n")
    before = style_digest(path)
    path.write_text("font.size: 10\n")
    assert style_digest(path) != before and len(before) == 16
