import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mstars.core.errors import InputError
from mstars.files.json_files import write_json
from mstars.files.stores import write_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.cli import main
from mstars.ops.explain import Story, explain
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import N_PIXEL, lamost_wavelength

KEY, LOST = "1-a-sp01-001", "1-a-sp01-002"


@pytest.fixture
def survey(tmp_path):
    """A folder with the tables of a survey, for one spectrum that is measured and one that was rejected."""

    def put(name, **columns):
        write_table(pd.DataFrame({"spectrum_key": [KEY], **columns}), tmp_path / f"{name}.parquet")

    catalog = pd.DataFrame({"spectrum_key": [KEY, LOST], "obsid": pd.array([123, None], "Int64"), "batch": "b"})
    catalog = catalog.assign(plate="1-a", filename="f.fits", obsdate="2013-01-01", subclass="dM3", lamost_class="dM")
    write_table(catalog.assign(snri=33.0, lamost_rv=100.0), tmp_path / "plan/m_catalog_v0.parquet")
    bands = {f"orp_{band}": [0.01] for band in "ugriz"}
    put("ingest/spectra", batch=["b"], row=[0], **bands)
    lost = pd.DataFrame({"spectrum_key": [LOST], "reason": ["truncated gzip"]})
    write_table(lost, tmp_path / "ingest/rejected.parquet")
    gaia = {"source_id": pd.array([7], "Int64"), "sep_arcsec": [0.2], "match_epoch": ["catalogue"], "n_within": [1]}
    gaia |= {"star_id": ["S1"], "n_spectra": [0]}
    put("crossmatch/gaia", **gaia, parallax_over_error=[9.0], ruwe=[2.0])
    put("predictions/spt/b", spt_class=["F"], spt_prob=[0.9])
    put("predictions/ood/b", ood_score=[0.4], zro_score=[1.5], tio5=[0.6], tio5_err=[0.01])
    settings = {"scm": {"spt_prob_min": 0.9, "ood": {"threshold": 1.0}}, "crossmatch": {"radius_arcsec": 2.5}}
    write_json({"config": settings}, tmp_path / "provenance.json")
    put("rv/candidates", rv_dsel=[-5.0], rv_dsel_err=[4.0], dsel_flag=[16], consensus_label=["DSEL"])
    put("crossmatch/apogee", apogee_id=["2M1"], ASPCAP_CLASS=["Md_a"], TEFF=[3550.0])
    put("catalogs/extension", ewha=[1.5], ewha_err=[0.1], active=[1], binary=[0])
    put("scm/candidates", candidate_reasons=["spt"], consensus_label=["M"])
    put("review/scm/decisions", label=["M"], review_status=["reviewed"], reviewer=["ann"], tie=[False])
    rv = {"lamost_rv": [100.0], "lamost_rv_err": [2.0], "rv_tm": [0.0], "rv_tm_err": [3.0], "tm_flag": [36]}
    put("rv/selection", **rv, reliable=[False], candidate_reasons=["tm_dsal"])
    write_json({"bands": {"tm": {"mean": 3.6, "sigma": 12.0, "k": 3}}}, tmp_path / "rv/selection.json")
    put("catalogs/m_catalog_v3", rv=[0.0], rv_err=[3.0], rv_from=["TM"])
    put("parameters/cnn", teff=[3500.0], teff_err=[30.0], flag=[33])
    put("parameters/ridge", teff=[3456.0], teff_err=[12.0], chi2=[1.1], flag=[1024])
    put("quality/ridge", parameter_flag=[0])
    put("quality/quality", rv_flag=[1], parameter_flag=[0], parameter_reasons=["range_teff"])
    put("catalogs/recommended", rv=[0.0])
    flux = np.random.default_rng(0).normal(10, 1, (1, N_PIXEL)).astype("f4")
    spectra = SpectrumSet(flux, flux, np.zeros(flux.shape, np.uint8), lamost_wavelength(), np.array([KEY]))
    write_batch(tmp_path / "spectra/b.h5", spectra, pd.DataFrame({"spectrum_key": [KEY]}), pd.DataFrame({"reason": []}))
    return tmp_path


def test_the_story_has_measurements_thresholds_decisions_and_flags(survey):
    text = explain(Story(survey, KEY))
    for said in (
        "(catalogue epoch), 1 within 2.5 arcsec",
        "ruwe 2 < 1.4: FAILED",
        "parallax_over_error 9 > 5: passed",
        "CNN-SPT F (probability 0.9; rejects alone from 0.9)",
        "unlike M stars: score 0.4, queued from 1.0",
        "zirconium oxide 1.5 sigma, queued from [not recorded]",
        "remeasured: DSEL -5 +- 4 km/s, flag 16 (H-alpha is the only line)",
        "consensus DSEL",
        "APOGEE 2M1 (Md_a): TEFF 3550 K",
        "H-alpha 1.5 +- 0.1 A, active above 0.75 A and 3 sigma: 1",
        "candidate for non-M: spt; consensus M",
        "decision: M (reviewed by ann)",
        "TM 0 +- 3 km/s, flag 36 (residuals above the noise, chi2 hardly depends on the velocity)",
        "; |difference - (3.6)| = 103.6 > 36.0 km/s",
        "NOT reliable; queued for: tm_dsal",
        "velocity 0 +- 3 km/s from TM",
        "engine cnn, which fills the catalogue",
        "teff 3500 +- 30 K",
        "flag 33: no velocity, a training star",
        "engine ridge: teff 3456 +- 12 K, flag: poor fit, parameter_flag 0",
        "parameters not recommended because: range_teff",
        "in the recommended catalogue",
    ):
        assert said in text
    assert "nan" not in text.lower().replace("provenance", "")


def test_a_rejected_spectrum_and_one_known_by_obsid(survey):
    assert "REJECTED at ingest: truncated gzip" in explain(Story(survey, LOST))
    assert Story(survey, "123").key == KEY


def test_a_velocity_that_is_not_recommended_has_its_reason(survey):
    quality = pd.DataFrame({"spectrum_key": [KEY], "rv_flag": [0], "parameter_flag": [1]})
    write_table(quality, survey / "quality/quality.parquet")
    said = explain(Story(survey, KEY))
    assert "velocity not recommended because: observed 2013-01-01, not after [not recorded]" in said
    assert said.splitlines()[-1].startswith("[not recorded]: ") and "snakemake --cores 1 " in said.splitlines()[-1]
    write_table(
        read_table(survey / "ingest/spectra.parquet").assign(frame="corrected"), survey / "ingest/spectra.parquet"
    )
    assert "not recommended because: the frame of the wavelengths is corrected (HELIO" in explain(Story(survey, KEY))
    final = pd.DataFrame({"spectrum_key": [KEY], "rv": [np.nan], "rv_from": ["NoRV_waveErr"]})
    write_table(final, survey / "catalogs/m_catalog_v3.parquet")
    assert "not recommended because: there is none (NoRV_waveErr)" in explain(Story(survey, KEY))


def test_the_command_prints_and_draws(survey, capsys):
    picture = survey / "x.png"
    assert main(["explain", "123", "--results", str(survey), "--picture", str(picture)]) == 0
    assert "Outcome" in capsys.readouterr().out and Image.open(picture).size[0] > 500
    assert main(["explain", LOST, "--results", str(survey), "--picture", str(picture)]) == 1
    assert "no stored spectrum to draw" in capsys.readouterr().err


def test_an_unknown_name_or_folder_is_one_clear_line(survey, tmp_path):
    with pytest.raises(InputError, match="9-x: not a spectrum_key or obsid"):
        Story(survey, "9-x")
    with pytest.raises(InputError, match="is it the folder of a survey"):
        Story(tmp_path / "nowhere", KEY)


def test_the_engine_of_the_config_is_told_first(survey):
    config = {"parameters": {"engine": "ridge"}}
    write_json({"config": config}, survey / "provenance.json")
    text = explain(Story(survey, KEY))
    assert "engine ridge, which fills the catalogue\n  teff 3456 +- 12 K\n  flag 1024: poor fit" in text
    assert "engine cnn: teff 3500 +- 30 K, flag: no velocity, a training star" in text


def test_a_star_without_gaia_has_the_spectra_of_its_place(survey):
    stars = pd.DataFrame({"spectrum_key": [KEY, LOST, "2-b-sp01-001"], "star_id": ["S1", "S1", "S2"], "n_spectra": 0})
    write_table(stars, survey / "crossmatch/gaia.parquet")
    assert "star S1, 2 spectra of it" in explain(Story(survey, KEY))
