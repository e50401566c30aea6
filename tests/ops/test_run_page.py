"""The page of a run."""

from pathlib import Path

import pandas as pd
import pytest
from places import ROOT

from mstars.core.flags import EngineFlag
from mstars.ops.provenance import provenance
from mstars.ops.run_facts import facts, flow, health, trust
from mstars.ops.run_page import GUIDES, caption_of, figure_entries, write_page
from mstars.ops.run_products import PURPOSES, products, shown_by_papers

CAPTIONS = ROOT / "workflow" / "report"


def catalog(**more):
    columns = {
        "luminosity_class": ["dM", "dM", "gM"],
        "parameter_flag": [1, 0, 1],
        "rv_flag": [1, 1, 0],
        "rv_paper_from": ["LAMOST", "TM", None],
        "source_id": pd.array([1, None, 3], "Int64"),
        "engine_flag": [0, 0, 0],
    }
    return pd.DataFrame(columns | more)


def classification():
    classes = ["dM", "dM", "gM", "rejected", "WD", "WD", "galaxy"]
    status = ["reviewed", "provisional", "", "", "provisional", "", ""]
    return pd.DataFrame({"final_class": classes, "review_status": status})


def zero_point(value=-4.5):
    return {"all": {"value": value, "error": 0.25, "n": 1200}}


def content(tmp_path, **more):
    (tmp_path / "gaia.fits").write_bytes(b"abc")
    return {
        "checkout": tmp_path,
        "facts": facts(classification(), catalog(), zero_point(), False),
        "scorecard": [["key", "aim"], ["<b>x</b>", ">= 0.9 met"], ["y", ""]],
        "recipes": [["what", "<i>n</i>"]],
        "products": products([tmp_path / "results" / "catalogs" / "a&b.fits"], tmp_path / "results"),
        "figures": {"A heading": [tmp_path / "results" / "figures" / "fig06_cmd.png"]},
        "provenance": provenance(ROOT, [tmp_path / "gaia.fits"], {}, 7444),
    } | more


def test_the_page_shows_everything_escaped_and_marks_a_simulated_survey(tmp_path):
    page = tmp_path / "results" / "index.html"
    page.parent.mkdir()
    write_page(page, survey="a<b", simulated=True, config={"k": "<script>"}, **content(tmp_path))
    text = page.read_text()
    assert "<script>" not in text and "<b>x" not in text and "a&lt;b" in text and "a&amp;b.fits" in text
    assert "&lt;i&gt;n" in text
    assert "simulated: not the sky" in text and "http" not in text and "A heading" in text and "7,444" in text
    assert "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in text  # FIPS 180-2, appendix B.1
    assert all(f'href="../build/docs/html/{place}"' in text for place in GUIDES.values())
    assert '<td class="met">' in text
    write_page(page, survey="real", simulated=False, config={}, **content(tmp_path, scorecard=[]))
    assert "not the sky" not in page.read_text() and "Against the truth" not in page.read_text()


def test_the_guides_are_pages_of_the_documentation():
    assert [place for place in GUIDES.values() if not (ROOT / "docs" / place).with_suffix(".md").is_file()] == []


def test_the_flow_counts_every_spectrum():
    steps = flow(classification(), catalog())
    assert [(step.name.split(",")[0], step.number) for step in steps] == [
        ("input spectra", 7),
        ("spectra that could be read", 6),
        ("spectra of M stars", 3),
        ("of them dM", 2),
        ("of them gM", 1),
        ("with recommended velocity (rv_flag 1)", 2),
        ("with recommended parameters (parameter_flag 1)", 2),
    ]
    assert steps[1].out == [("files that could not be used", 1)] and steps[2].out == [
        ("WD", 2),
        ("galaxy", 1),
    ]
    assert steps[0].number - sum(number for step in steps[:3] for _, number in step.out) == steps[2].number
    assert steps[2].share == pytest.approx(3 / 7)
    assert [step.number for step in flow(classification()[:0], catalog()[:0])] == [0] * 7


def test_the_health_of_a_run():
    rows = {name: value for name, value, _ in health(classification(), catalog(), zero_point())}
    assert rows["files that could not be used"] == "14.3 %, 1 of 7"
    assert rows["spectra with a star in Gaia"] == "66.7 %, 2 of 3"
    assert rows["LAMOST velocities replaced (paper's rule)"] == "33.3 %, 1 of 3"
    assert rows["velocities minus Gaia's"] == "-4.5 ± 0.2 km/s, 1,200 stars"
    assert rows["candidates that a rule decided"] == "2; people decided 1"
    without = {name: value for name, value, _ in health(classification(), catalog(), zero_point(None))}
    assert without["velocities minus Gaia's"] == "no star with a velocity of Gaia"


def test_parameters_of_simulated_models_are_not_to_be_trusted():
    def said(simulated, **columns):
        return {what: whether for what, whether, _ in trust(catalog(**columns), simulated)}[
            "Teff, log g, [M/H], [alpha/M]"
        ]

    assert said(False) == "with parameter_flag 1" and said(True) == "no"
    assert said(False, engine_flag=[EngineFlag.SIMULATION_TRAINED, 0, 0]) == "no"
    assert said(False, parameter_flag=[0, 0, 0]) == "no"


def test_products_by_folder_with_what_they_are_for():
    files = [
        "r/catalogs/stars.fits",
        "r/catalogs/stars.csv",
        "r/tables/tab05_absorption_lines.md",
        "r/catalogs/cds/ReadMe",
    ]
    found = products(files, Path("r"))
    assert list(found) == ["catalogs", "tables", "catalogs/cds"]
    stars = found["catalogs"][0]
    assert stars.purpose == PURPOSES["catalogs/stars"]
    assert stars.paths == [("fits", "catalogs/stars.fits"), ("csv", "catalogs/stars.csv")]
    assert found["tables"][0].purpose == "Table 5: absorption lines"
    assert found["catalogs/cds"][0].paths == [("text", "catalogs/cds/ReadMe")]


def test_figures_that_share_a_rule_have_captions_of_their_own():
    names = [Path(target).name for target in shown_by_papers() if target.startswith("figures/")]
    shared = [name for name in names if name.split("_")[1] in ("confusion", "examples", "colour", "compare")]
    told = {name: caption_of(name, CAPTIONS) for name in shared}
    assert len(told) >= 17 and len(set(told.values())) == len(told) and all(told.values())
    assert "Qiu et al. (2023)" in told["fig20_compare_qiu2023_gM"] and "giants" in told["fig20_compare_qiu2023_gM"]
    assert "{" not in "".join(told.values())


def test_every_figure_of_the_page_has_a_title_and_a_caption():
    names = ["fig03_confusion_spt", "fig24_colour_gaia", "flow_of_counts", "activity", "fig99_nothing"]
    files = [f"/r/figures/{name}.{suffix}" for name in names for suffix in ("pdf", "png", "csv")]
    entries = {entry["name"]: entry for entry in figure_entries(files, CAPTIONS, Path("/r"), shown_by_papers())}
    assert [name for name in names if not entries[name]["caption"]] == ["fig99_nothing"]
    assert entries["fig24_colour_gaia"]["title"] == "Figure 24: Teff against Gaia colour"
    assert entries["activity"]["title"] == "Activity" and entries["activity"]["csv"] == "figures/activity.csv"
