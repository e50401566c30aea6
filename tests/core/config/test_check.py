"""Bad configs are told with file, key and what is allowed, before anything runs."""

import pytest
from made_configs import ENGINES, check
from pydantic import BaseModel, Field

from mstars.core.config.check import checked
from mstars.core.config.documents import configuration_page, json_schema
from mstars.core.config.files import leaves
from mstars.core.errors import InputError

BAD = {
    "an unknown key, the nearest": (
        "plan: {plates_per_bach: 3}",
        "plan.plates_per_bach: no such key; did you mean plates_per_batch?",
    ),
    "an unknown key, none near": ("dgcm: {xyz: 3}", "dgcm.xyz: no such key; there are: snr_min, valid_share, split,"),
    "a key of another section within": (
        "scm: {curve: 0.1}",
        "scm.curve: no such key; did you mean scm.networks.curve?",
    ),
    "an unknown section": ("crossmatsh: {}", "crossmatsh: no such section; did you mean crossmatch?"),
    "no section": ("quality: 3", "quality: 3 is not a section"),
    "an empty section": ("quality:", "quality: None is not a section"),
    "not one of": (
        "survey: {kind: galaxy}",
        "survey.kind: 'galaxy' is not allowed; give one of simulated, files, release",
    ),
    "text for a number": (
        "networks: {epochs: many}",
        "networks.epochs: 'many' is not allowed; give a whole number from 1 on",
    ),
    "a fraction for a whole number": (
        "spmm: {folds: 9.5}",
        "spmm.folds: 9.5 is not allowed; give a whole number from 2 to 100",
    ),
    "true for a number": (
        "quality: {sigma: true}",
        "quality.sigma: True is not allowed; give a number above 0 (sigma)",
    ),
    "a number for a text": ("survey: {name: 7}", "survey.name: 7 is not allowed; give text: letters, digits"),
    "a form": ("survey: {name: a/b}", "survey.name: 'a/b' is not allowed; give text: letters, digits and _ . -"),
    "one for a list": (
        "scm: {classes: M}",
        "scm.classes: 'M' is not allowed; give a list of at least 2 (each one of OB,",
    ),
    "too short a list": (
        "networks: {architecture: {pools: [4, 4]}}",
        "networks.architecture.pools: [4, 4] is not allowed; give a list of 4",
    ),
    "out of range": (
        "crossmatch: {radius_arcsec: 180}",
        "crossmatch.radius_arcsec: 180 is not allowed; give a number above 0 and up to 60 (arcsec)",
    ),
    "nanometres": (
        "rvmm: {tm: {rest_range: [650, 8900]}}",
        "rvmm.tm.rest_range.0: 650 is not allowed; give a number from 3500 to 9300 (angstrom)",
    ),
    "with a unit": (
        "crossmatch: {radius_arcsec: 3 arcsec}",
        "'3 arcsec' is not allowed; give a number above 0 and up to 60 (arcsec), without a unit",
    ),
    "an exponent without a dot": ("networks: {learning_rate: 1e-4}", "YAML takes 1e-4 as text, write 1.0e-4"),
    "a bare off": (
        "scm: {ood: {use: off}}",
        'scm.ood.use: False is not allowed; give one of "off", candidates, votes; write off,',
    ),
    "null where it means nothing": (
        "networks: {epochs: null}",
        "networks.epochs: None is not allowed; give a whole number",
    ),
    "a missing key of a list": (
        "templates: {extra: [{source: a, path: b}]}",
        "templates.extra.0: lacks the key 'medium'",
    ),
    "one of two kinds": (
        "spmm: {networks: {batch_size: many}}",
        "spmm.networks.batch_size: 'many' is not allowed; give a whole number from 1 on or auto",
    ),
    "an engine that is not there": (
        "parameters: {engine: slam}",
        "parameters.engine: no engine 'slam'; there are: cnn",
    ),
    "an engine beside it": ("parameters: {also: [slam]}", "parameters.also: no engine 'slam'; there are: cnn"),
    "settings of no engine": ("engines: {slam: {}}", "engines.slam: no such engine; there are: none"),
    "no M": ("scm: {classes: [A, F]}", "scm.classes: M must be among them, and each of them once"),
    "an interval backwards": (
        "rvmm: {lines: {tellurics: [[7000, 6900]]}}",
        "rvmm.lines.tellurics.0: [7000.0, 6900.0] runs backwards",
    ),
    "a day that is none": (
        "quality: {rv_cut: '2012-13-40'}",
        "quality.rv_cut: '2012-13-40' is not allowed; give text: a date as 2012-01-14",
    ),
}


@pytest.mark.parametrize(
    "name, kind, said",
    [
        ("templates", "simulated", "'templates' is reserved: results/templates is no survey's folder"),
        ("Isochrones", "simulated", "'Isochrones' is reserved"),
        ("bundles", "files", "'bundles' is reserved"),
        ("demo", "files", "'demo' is the simulated survey whose models others take; choose another name"),
        ("DEMO", "release", "'DEMO' is the simulated survey"),
    ],
)
def test_a_survey_that_would_write_into_what_others_made_is_refused(name, kind, said):
    paths = {"files": {"spectra": "a"}, "release": {"spectra": "a", "m_catalog": "b"}}
    with pytest.raises(InputError, match=f"survey.name: {said}"):
        checked({"survey": {"name": name, "kind": kind}, **paths}, ENGINES)
    assert checked({"survey": {"name": f"{name}2", "kind": kind}, **paths}, ENGINES)["survey"]["name"] == f"{name}2"


@pytest.mark.parametrize(
    "text, place",
    [
        ("external: {gaia: 'a{b}/gaia.fits'}", "external.gaia: 'a{b}/gaia.fits'"),
        ("external: {gaia: 'a<b>.fits'}", "external.gaia: 'a<b>.fits'"),
        ("models: {path: '{}'}", "models.path: '{}'"),
        ("compare: {catalogs: [a.yaml, 'b{.yaml']}", "compare.catalogs.1: 'b{.yaml'"),
        ("templates: {extra: [{source: a, path: '}', medium: air, spectral_class: M}]}", "templates.extra.0.path: '}'"),
    ],
)
def test_a_path_that_snakemake_would_take_for_a_pattern_is_refused(text, place, tmp_path):
    with pytest.raises(InputError) as caught:
        check(text, tmp_path)
    assert f"{place}: braces and <> mark wildcards in Snakemake; rename" in str(caught.value)


def test_the_folder_of_the_spectra_may_have_any_name():
    given = {"survey": {"name": "mine", "kind": "files"}, "files": {"spectra": "a {b} <c> 'd'"}}
    assert checked(given, ENGINES)["files"] == given["files"]


@pytest.mark.parametrize("text, said", BAD.values(), ids=BAD)
def test_bad_input_is_one_line_with_file_key_and_what_is_allowed(text, said, tmp_path):
    with pytest.raises(InputError) as caught:
        check(text, tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 and said in lines[0], lines
    assert lines[0].startswith(f"config: {tmp_path / 'mine.yaml'}: ")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        check("survey: {kind: a, seed: -1}\nplan: {x: 1}", tmp_path)
    assert len(str(caught.value).splitlines()) == 3


def test_a_wrong_value_is_told_where_it_stands_and_not_where_it_is_inherited(tmp_path):
    with pytest.raises(InputError) as caught:
        check("networks: {epochs: 0}", tmp_path)
    assert str(caught.value).splitlines() == [
        f"config: {tmp_path / 'mine.yaml'}: networks.epochs: 0 is not allowed; give a whole number from 1 on"
    ]


def test_a_date_without_quotes_is_text(tmp_path):
    assert check("quality: {rv_cut: 2013-02-03}", tmp_path)["quality"]["rv_cut"] == "2013-02-03"


def test_values_stay_as_they_are_written():
    config = checked({"quality": {"sigma": 3}, "networks": {"noise": 0.5}}, ENGINES)
    assert type(config["quality"]["sigma"]) is int and config["networks"]["noise"] == 0.5
    assert all(not isinstance(value, tuple) for _, value in leaves(config))
    assert checked(config, ENGINES) == config


class Settings(BaseModel):
    """An engine's settings, by plain pydantic."""

    model_config = {"extra": "forbid"}
    gamma: float = Field(0.1, gt=0, description="width of the kernel")
    cuts: dict[str, float] = Field(default_factory=dict, description="limits")


def test_engines_bring_their_own_settings():
    engines = {"cnn": None, "slam": Settings}
    config = checked({"parameters": {"also": ["slam"]}, "engines": {"slam": {"cuts": {"teff": 3000.0}}}}, engines)
    assert config["engines"] == {"slam": {"gamma": 0.1, "cuts": {"teff": 3000.0}}}
    with pytest.raises(InputError, match="engines.slam.gama: no such key; did you mean gamma"):
        checked({"engines": {"slam": {"gama": 1.0}}}, engines)
    with pytest.raises(InputError, match="engines.slam.gamma: -1 is not allowed; give a number above 0"):
        checked({"engines": {"slam": {"gamma": -1}}}, engines)
    with pytest.raises(InputError, match="engines.csn: no such engine; there are: slam"):
        checked({"engines": {"csn": {}}}, engines)
    assert json_schema(engines)["properties"]["engines"]["properties"]["slam"]["properties"]["gamma"]["default"] == 0.1
    assert "## `engines.slam`" in configuration_page(engines)


@pytest.mark.parametrize(
    "kind, missing", [("files", ["files.spectra"]), ("release", ["release.spectra", "release.m_catalog"])]
)
def test_a_kind_of_survey_without_its_spectra_is_refused(kind, missing):
    with pytest.raises(InputError) as caught:
        checked({"survey": {"name": "mine", "kind": kind}}, ENGINES)
    lines = str(caught.value).splitlines()
    assert len(lines) == len(missing)
    for line, name in zip(lines, missing, strict=True):
        assert name in line and f"must be given where survey.kind is {kind}" in line


def test_all_engines_at_once():
    assert checked({"parameters": {"also": "all"}}, ENGINES)["parameters"]["also"] == "all"
