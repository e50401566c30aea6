"""Figure 1, the flow of spectra."""

from mstars.paper.figures.flow import draw_flow
from mstars.paper.figures.style import save
from mstars.paper.numbers import compare_numbers, paper_numbers


def test_the_flow_shows_our_counts_and_the_papers(tmp_path):
    paper = paper_numbers()
    ours = {key: value / 100 for key, value in zip(paper["key"], paper["paper"], strict=True) if key}
    figure = draw_flow(compare_numbers(ours | {"rv_none": float("nan")}), "a survey")
    save(figure, [tmp_path / "a.png"], dpi=50)
    said = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert "8,761 (876,134)" in said and "no RV: - (89)" in said
    assert "no data" in draw_flow(compare_numbers({}), "nothing").axes[0].texts[0].get_text()
