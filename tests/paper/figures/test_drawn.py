"""What a figure shows, as a table."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_hex

from mstars.paper.figures.drawn import COLUMNS, drawn_data
from mstars.paper.figures.style import density, new_figure, save, styled

X = np.array([1.0, 2.0, 4.0])


def of_kind(table, kind):
    return table[table["kind"] == kind].reset_index(drop=True)


def test_points_lines_and_spans_keep_their_values_and_names():
    figure = new_figure(3, 3)
    axes = figure.subplots()
    axes.set(xlabel="S/N", ylabel="error (K)", title="dwarfs")
    axes.plot(X, X**2, label="a curve")
    axes.scatter(X, -X, c=[7.0, 8.0, 9.0], label="stars")
    axes.axhline(3.0)
    axes.text(2.0, 5.0, "beyond")
    table = drawn_data(figure)
    assert list(table.columns) == list(COLUMNS)
    assert (
        set(table["x_label"]) == {"S/N"}
        and set(table["y_label"]) == {"error (K)"}
        and set(table["title"]) == {"dwarfs"}
    )
    curve, stars, words = (of_kind(table, kind) for kind in ("line", "points", "text"))
    assert curve[curve["series"] == "a curve"][["x", "y"]].to_numpy().tolist() == np.column_stack([X, X**2]).tolist()
    assert stars[["x", "y", "value"]].to_numpy().tolist() == np.column_stack([X, -X, [7, 8, 9]]).tolist()
    span = curve[curve["series"] == ""]
    assert span["x"].isna().all() and (span["y"] == 3).all()
    assert words[["series", "x", "y"]].to_numpy().tolist() == [["beyond", 2.0, 5.0]]


def test_cells_images_bars_and_errors():
    figure = new_figure(3, 3)
    left, middle, right = figure.subplots(1, 3)
    density(left, np.repeat([0.0, 1.0, 1.0], 2000), np.repeat([0.0, 1.0, 1.0], 2000), bins=2)
    middle.imshow([[1.0, 2.0], [3.0, 4.0]])
    right.bar([5.0], [6.0], width=1.0)
    right.errorbar([1.0], [2.0], yerr=[0.5], fmt="o")
    table = drawn_data(figure)
    cells = of_kind(table, "cells")
    assert cells[["x", "y", "value"]].to_numpy().tolist() == [[0.25, 0.25, 2000.0], [0.75, 0.75, 4000.0]]
    image = of_kind(table, "image").set_index(["x", "y"])["value"]
    assert image.to_dict() == {(0.0, 0.0): 1.0, (1.0, 0.0): 2.0, (0.0, 1.0): 3.0, (1.0, 1.0): 4.0}
    bars = of_kind(table, "outline")
    assert (bars["x"].min(), bars["x"].max(), bars["y"].max()) == (4.5, 5.5, 6.0)
    assert sorted(of_kind(table, "segments")["y"]) == [1.5, 2.5]
    assert table.groupby("panel")["kind"].first().tolist() == ["cells", "image", "outline"]


def test_colour_bars_and_what_can_not_be_seen_are_left_out():
    figure = new_figure(3, 3)
    axes = figure.subplots()
    shown = axes.scatter(X, X, c=X)
    figure.colorbar(shown)
    axes.plot(X, X)[0].set_visible(False)
    axes.plot([np.nan, 1.0], [np.nan, 2.0])
    table = drawn_data(figure)
    assert set(table["panel"]) == {1} and len(of_kind(table, "points")) == 3 and len(of_kind(table, "line")) == 1
    assert len(drawn_data(new_figure(3, 3))) == 0


@styled
def again(table: pd.DataFrame):
    """A line drawn from a table of what a figure shows."""
    figure = new_figure(3, 3)
    figure.subplots().plot(table["x"], table["y"], color=to_hex("red"))
    return figure


def test_a_figure_drawn_from_its_table_is_the_same(tmp_path):
    first = again(pd.DataFrame({"x": X, "y": X**3}))
    save(first, [tmp_path / "a.png"])
    drawn_data(first).to_csv(tmp_path / "a.csv", index=False)
    save(again(pd.read_csv(tmp_path / "a.csv")), [tmp_path / "b.png"])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
