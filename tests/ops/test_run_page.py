"""The page of a run."""

from pathlib import Path

import pandas as pd
from places import ROOT

from mstars.ops.provenance import provenance
from mstars.ops.run_page import by_folder, figure_entries, summary, write_page


def catalog():
    return pd.DataFrame(
        {
            "luminosity_class": ["dM", "dM", "gM"],
            "parameter_flag": [1, 0, 1],
            "rv_flag": 1,
            "review_status": ["reviewed", "provisional", ""],
        }
    )


def test_the_page_shows_everything_escaped_and_marks_a_simulated_survey(tmp_path):
    figures = figure_entries([tmp_path / "figures" / "fig06_cmd.png"], ROOT / "workflow" / "report", tmp_path)
    assert figures[0]["png"] == "figures/fig06_cmd.png" and "colour-magnitude" in figures[0]["caption"]
    content = {
        "summary": summary(catalog(), 4, 2),
        "scorecard": [["<b>x</b>", "1"]],
        "recipes": [["what", "<i>n</i>"]],
        "files": by_folder(["/r/catalogs/a&b.fits"], Path("/r")),
    }
    (tmp_path / "gaia.fits").write_bytes(b"abc")
    content |= {"figures": {"A heading": figures}, "provenance": provenance(ROOT, [tmp_path / "gaia.fits"], {}, 7444)}
    write_page(tmp_path / "index.html", survey="a<b", simulated=True, config={"k": "<script>"}, **content)
    text = (tmp_path / "index.html").read_text()
    assert "<script>" not in text and "<b>x" not in text and "a&lt;b" in text and "&lt;i&gt;n" in text
    assert "simulated: not the sky" in text and "http" not in text and "A heading" in text and "7,444" in text
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in text  # FIPS 180-2, appendix B.1
    write_page(tmp_path / "index.html", survey="real", simulated=False, config={}, **content)
    assert "not the sky" not in (tmp_path / "index.html").read_text()


def test_files_by_folder_and_name():
    assert by_folder(["r/a/x.csv", "r/y", "r/a/z", "r/a/x.md"], Path("r")) == {
        "a": {"x": ["a/x.csv", "a/x.md"], "z": ["a/z"]},
        ".": {"y": ["y"]},
    }


def test_the_summary_counts_what_is_recommended():
    rows = dict(summary(catalog(), 4, 2))
    assert rows["of them dM"] == "2, 1 with recommended parameters" and rows["reviewed by a person"] == "1"
    assert rows["not of M stars"] == "4" and rows["rejected files"] == "2"


def test_captions_are_found_for_figures_that_share_a_rule():
    names = ["fig03_confusion_spt", "fig15_compare_laspm_dM", "fig24_colour_gaia", "flow_of_counts", "fig99_nothing"]
    files = [f"/r/figures/{name}.{suffix}" for name in names[::-1] for suffix in ("pdf", "png")]
    entries = figure_entries(files, ROOT / "workflow/report", Path("/r"))
    assert [(entry["name"], bool(entry["caption"])) for entry in entries] == [
        *((name, True) for name in names[:3]),
        ("fig99_nothing", False),
        ("flow_of_counts", True),
    ]
