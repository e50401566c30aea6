"""Products: columns, formats, and nothing lost."""

import io
import warnings

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.io.votable import validate
from astropy.io.votable.ucd import parse_ucd
from astropy.table import Table
from places import ROOT

from mstars.catalog.columns import all_columns, columns_markdown, product_columns, product_table
from mstars.catalog.rows import classification_table, non_m_table, recommended_table
from mstars.catalog.stars import likely_binary, star_table
from mstars.catalog.writers import FORMATS, column_metadata, read_product, write_product
from mstars.core.errors import InputError

TABLE_9 = """obsid ra dec snr_u snr_g snr_r snr_i snr_z orp_u orp_g orp_r orp_i orp_z subclass luminosity_class rv
rv_err rv_from teff teff_err logg logg_err m_h m_h_err alpha_m alpha_m_err rv_flag parameter_flag source_id r_med_geo
ebv bp_rp_0 M_G_0 CMD_flag CMD_pos W1_W2_0 e_W1 e_W2""".split()


def keys(n, start=0):
    return [f"56000-P-sp01-{i:03d}" for i in range(start, start + n)]


@pytest.fixture
def stages():
    """Of 7 candidates 4 stay, 1 leaves at SCM, 1 at DGCM, 1 is rejected at ingest; the plan has rejected 2 files."""
    v0 = pd.DataFrame({"spectrum_key": keys(7), "filename": [f"f{i}.fits" for i in range(7)]})
    v0["obsid"] = pd.array([10, 11, pd.NA, 13, 14, 15, 16], dtype="Int64")
    v0 = v0.assign(plate="56000-P", obsdate="2012-03-14", ra=10.0, dec=20.0, subclass="M3", lamost_class="dM")
    v0 = v0.assign(lamost_rv=5.0, **{f"snr{band}": 20.0 for band in "ugriz"}).assign(snru=[-9999.0] + [3.0] * 6)
    rejected = pd.DataFrame(
        {
            "spectrum_key": [keys(7)[6], keys(7)[0], "", "other"],
            "filename": ["f6.fits", "copy.fits", "broken.fits", "class.fits"],
            "obsid": pd.array([16, 10, pd.NA, 99], dtype="Int64"),
            "plate": ["56000-P", "56000-P", "", "x"],
            "role": ["candidate", "candidate", "candidate", "train"],
            "stage": ["ingest", "plan", "plan", "ingest"],
            "reason": "because",
        }
    )
    after_scm = v0[:6].assign(spt_class="M", spt_prob=0.9, wdm_class="M", wdm_prob=0.99)
    after_scm = after_scm.assign(candidate_reasons="", review_status="", label="M")
    after_scm.loc[4, ["spt_class", "candidate_reasons", "review_status", "label"]] = [
        "A",
        "spt;cmd",
        "provisional",
        "A",
    ]
    after_scm.loc[1, ["candidate_reasons", "review_status"]] = ["cmd", "reviewed"]
    non_m_v1 = after_scm[4:5].assign(reason="scm: spt;cmd (provisional)")
    v1 = after_scm.drop(index=4)
    after_dgcm = v1.assign(dmgm_class="dM", dmgm_prob=0.8, dgcm_reasons="", dgcm_status="", luminosity_class="dM")
    after_dgcm.loc[[2, 5], ["dgcm_reasons", "dgcm_status", "luminosity_class"]] = ["lamost;cnn", "provisional", "gM"]
    non_m_v2 = after_dgcm.loc[[5]].assign(label="S", reason="dgcm: lamost;cnn", review_status="provisional")
    v2 = after_dgcm.drop(index=5)
    v3 = v2.assign(rv=1.5, rv_err=[1.0, np.nan, 2.0, 3.0], rv_from="LAMOST", rv_review=["", "", "", "reviewed"])
    v3 = v3.assign(**{f"rv_paper{end}": v3[f"rv{end}"] for end in ("", "_err", "_from")})
    sky = pd.DataFrame({"spectrum_key": keys(7), "star_id": [str(i) for i in range(7)]})
    sky["source_id"] = pd.array([5853498713190525696, pd.NA, 3, 4, 5, 6, 7], dtype="Int64")
    photometry = pd.DataFrame({"spectrum_key": keys(7), "CMD_pos": ["dM", "", "gM", "dM", "other", "gM", ""]})
    photometry["CMD_flag"] = pd.array([1, pd.NA, 1, 1, 0, 1, pd.NA], dtype="Int8")
    photometry["ebv_flag"] = photometry["CMD_flag"]
    names = ("r_med_geo", "ebv", "bp_rp_0", "M_G_0", "W1_W2_0", "e_W1", "e_W2")
    photometry = photometry.assign(**{name: [0.1, np.nan, 0.3, 0.4, 0.5, 0.6, 0.7] for name in names})
    spectra = pd.DataFrame({"spectrum_key": keys(6)}).assign(**{f"orp_{band}": 0.01 for band in "ugriz"})
    spectra = spectra.assign(obsid=pd.array([0] * 6, dtype="Int64"), ra=0.0)
    parameters = pd.DataFrame({"spectrum_key": keys(4), "flag": pd.array([0, 1, 0, 2], dtype="Int64")})
    parameters = parameters.assign(
        **{name + end: 3.3 for name in ("teff", "logg", "m_h", "alpha_m") for end in ("", "_err")}
    )
    parameters = parameters.assign(**{f"{name}_calib_err": 4.4 for name in ("teff", "logg", "m_h", "alpha_m")})
    quality = pd.DataFrame({"spectrum_key": keys(4), "rv_flag": 1, "parameter_flag": [1, 0, 1, 0]})
    return {
        "v0": v0, "rejected": rejected, "v2": v2, "v3": v3, "non_m_v1": non_m_v1, "non_m_v2": non_m_v2, "gaia": sky,
        "photometry": photometry, "spectra": spectra, "parameters": parameters, "quality": quality,
    }  # fmt: skip


def recommended(stages):
    names = ("v3", "spectra", "gaia", "photometry", "parameters", "quality")
    return recommended_table(*(stages[name] for name in names))


def test_which_errors_take_the_plain_names(stages):
    columns = product_columns("recommended")
    calibrated = product_table(recommended(stages), columns)
    assert (calibrated["teff_err"] == np.float32(4.4)).all() and (calibrated["teff_spread"] == np.float32(3.3)).all()
    names = ("v3", "spectra", "gaia", "photometry", "parameters", "quality")
    spread = product_table(recommended_table(*(stages[name] for name in names), "spread"), columns)
    assert (spread["teff_err"] == np.float32(3.3)).all() and (spread["teff_spread"] == np.float32(3.3)).all()


def classified(stages):
    names = ("v0", "rejected", "v2", "non_m_v1", "non_m_v2", "photometry")
    return classification_table(*(stages[name] for name in names))


def test_the_column_file_has_all_of_table_9_in_its_order():
    columns = product_columns("recommended")
    assert [column.name for column in columns if column.table9] == TABLE_9


@pytest.mark.parametrize("column", all_columns(), ids=lambda column: f"{column.products[-1]}-{column.name}")
def test_every_column_is_described(column):
    assert column.description
    assert column.dtype in ("str", "int16", "int32", "int64", "float32", "float64")
    assert (column.null != "") == (column.dtype != "str")
    parse_ucd(column.ucd, check_controlled_vocabulary=True)


def test_the_documentation_is_made_from_the_column_file():
    assert (ROOT / "docs" / "columns.md").read_text() == columns_markdown()


def test_recommended_takes_each_value_from_its_stage(stages):
    columns = product_columns("recommended")
    table = product_table(recommended(stages), columns)
    assert list(table) == [column.name for column in columns]
    assert "filename" not in table
    row = table.iloc[0]
    assert (row["obsid"], row["ra"], row["source_id"]) == (10, 10.0, 5853498713190525696)
    assert np.isnan(row["snr_u"])  # LAMOST's -9999
    assert table["obsid"].isna().tolist() == [False, False, True, False]
    assert table["luminosity_class"].tolist() == ["dM", "dM", "gM", "dM"]
    assert table["review_status"].tolist() == ["", "reviewed", "provisional", "reviewed"]
    assert table["CMD_flag"].isna().tolist() == [False, True, False, False]
    assert table["engine_flag"].tolist() == [0, 1, 0, 2]


def test_a_survey_of_files_carries_their_names(stages):
    columns = product_columns("recommended", with_filename=True)
    assert product_table(recommended(stages), columns)["filename"].tolist() == [
        "f0.fits",
        "f1.fits",
        "f2.fits",
        "f3.fits",
    ]


def test_non_m_has_what_it_is_and_why(stages):
    names = ("non_m_v1", "non_m_v2", "spectra", "gaia", "photometry")
    table = product_table(non_m_table(*(stages[name] for name in names)), product_columns("non_m"))
    assert table["label"].tolist() == ["A", "S"]
    assert table["reason"].str.startswith(("scm", "dgcm")).all()
    assert table["review_status"].tolist() == ["provisional", "provisional"]


def test_a_spectrum_in_both_non_m_catalogues_is_refused(stages):
    with pytest.raises(InputError, match="in non_m_catalog_v1 and in v2"):
        non_m_table(stages["non_m_v1"], stages["non_m_v1"], stages["spectra"], stages["gaia"], stages["photometry"])


def test_input_is_recommended_plus_non_m_plus_rejected(stages):
    table = classified(stages)
    candidates = stages["rejected"]["role"] == "candidate"
    assert len(table) == len(stages["v3"]) + len(stages["non_m_v1"]) + len(stages["non_m_v2"]) + candidates.sum()
    assert len(table) == len(stages["v0"]) + (stages["rejected"]["stage"] == "plan").sum()
    assert table["final_class"].value_counts().to_dict() == {"rejected": 3, "dM": 3, "gM": 1, "A": 1, "S": 1}
    assert set(table["filename"]) == {f"f{i}.fits" for i in range(7)} | {"copy.fits", "broken.fits"}


def test_classification_has_the_evidence(stages):
    table = classified(stages)
    expected = "spectrum_key filename obsid plate spt_class spt_prob wdm_class wdm_prob dmgm_class dmgm_prob cmd_pos "
    assert list(table) == (expected + "candidate_reasons review_status final_class").split()
    table = table[table["final_class"] != "rejected"].set_index("spectrum_key")
    assert table.loc[keys(6)[4], ["spt_class", "dmgm_class", "candidate_reasons"]].tolist() == ["A", "", "spt;cmd"]
    assert np.isnan(table.loc[keys(6)[4], "dmgm_prob"])
    assert table.loc[keys(6)[5], "candidate_reasons"] == "dgcm:lamost;dgcm:cnn"
    assert table.loc[keys(6)[2], ["cmd_pos", "review_status"]].tolist() == ["gM", "provisional"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s | {"v2": s["v2"][1:]}, "in no output"),
        (lambda s: s | {"non_m_v2": s["v2"][:1].assign(label="S")}, "in two outputs|in no output"),
        (lambda s: s | {"v0": s["v0"][1:]}, "not in the input"),
    ],
)
def test_a_lost_or_doubled_spectrum_is_an_error(stages, change, message):
    with pytest.raises(InputError, match=message):
        classified(change(stages))


def test_empty_stages_make_empty_products(stages):
    empty = {name: table[:0] for name, table in stages.items()}
    assert len(classified(empty)) == 0
    columns = product_columns("recommended")
    assert len(product_table(recommended(empty), columns)) == 0


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("rows", [4, 0])
def test_every_format_holds_the_same_content_and_the_same_bytes(stages, tmp_path, ending, rows):
    columns = product_columns("recommended", with_filename=True)
    table = product_table(recommended(stages)[:rows], columns)
    for name in ("a", "b"):
        write_product(table, columns, tmp_path / f"{name}{ending}", title="A test")
    assert (tmp_path / f"a{ending}").read_bytes() == (tmp_path / f"b{ending}").read_bytes()
    pd.testing.assert_frame_equal(read_product(tmp_path / f"a{ending}", columns), table, check_dtype=rows > 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{ending}", f"b{ending}"]


def test_fits_opens_with_units_and_without_warnings(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.fits")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = Table.read(tmp_path / "a.fits")
    assert table["rv"].unit == "km / s"
    assert table["teff"].unit == "K"
    assert table["obsid"].mask.tolist() == [False, False, True, False]
    with fits.open(tmp_path / "a.fits") as file:
        file.verify("exception")
        header = file["CATALOG"].header
        number = [column.name for column in columns].index("logg") + 1
        assert header[f"TUCD{number}"] == "phys.gravity"
        assert "dex" in header[f"TCOMM{number}"]


def test_votable_validates(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.vot", title="A test")
    said = io.StringIO()
    assert validate(str(tmp_path / "a.vot"), output=said), said.getvalue()


def test_parquet_says_its_units(stages, tmp_path):
    columns = product_columns("recommended")
    write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.parquet")
    assert column_metadata(tmp_path / "a.parquet")["rv"]["unit"] == "km s-1"


def test_an_unknown_format_is_refused(stages, tmp_path):
    columns = product_columns("recommended")
    with pytest.raises(InputError, match=r"written as .fits, .vot, .csv, .parquet"):
        write_product(product_table(recommended(stages), columns), columns, tmp_path / "a.xlsx")


def repeats():
    """Star a: three spectra, one without an error and one not to be used; b: none with an error; c: one spectrum."""
    table = pd.DataFrame({"star_id": ["b", "a", "a", "a", "b", "c", "a"], "spectrum_key": [f"k{i}" for i in range(7)]})
    table["rv"] = [10.0, 1.0, 3.0, 99.0, 20.0, 5.0, 50.0]
    table["rv_err"] = [np.nan, 1.0, 2.0, np.nan, np.nan, 3.0, 1.0]
    table["rv_flag"] = pd.array([1, 1, 1, 1, 1, 1, 0], dtype="Int16")
    table["parameter_flag"] = pd.array([1, 1, 1, 0, 0, 0, 1], dtype="Int16")
    for name in ("teff", "logg", "m_h", "alpha_m"):
        table[name], table[f"{name}_err"] = [3500.0, 3600.0, 3700.0, 0.0, 0.0, 0.0, 3800.0], 10.0
    table["snr_i"] = [5.0, 30.0, 10.0, 20.0, 50.0, np.nan, 8.0]
    table["luminosity_class"] = ["dM", "gM", "dM", "dM", "gM", "gM", "dM"]
    table["ra"] = np.arange(7.0)
    for name in ("dec", "r_med_geo", "ebv", "bp_rp_0", "M_G_0", "W1_W2_0", "e_W1", "e_W2"):
        table[name] = 0.5
    for name in ("ebv_flag", "CMD_flag", "source_id"):
        table[name] = pd.array([1] * 7, dtype="Int64")
    return table.assign(CMD_pos="dM")


def test_repeats_are_combined_by_their_errors():
    stars = product_table(star_table(repeats()), product_columns("stars")).set_index("star_id")
    assert stars.index.tolist() == ["a", "b", "c"]
    a, b, c = (stars.loc[name] for name in "abc")
    # weights 1 and 1/4 of 1 and 3; the spectrum without an error and the one not recommended take no part
    assert (a["rv"], a["rv_n"], a["n_spectra"]) == (pytest.approx(1.4), 2, 4)
    assert a["rv_err"] == pytest.approx(1 / np.sqrt(1.25))
    assert a["rv_scatter"] == pytest.approx(np.sqrt(2))
    assert a["rv_p"] == pytest.approx(0.3711, abs=1e-3)  # chi2 = 0.8 with one degree of freedom
    assert (b["rv"], b["rv_n"]) == (15.0, 2)
    assert np.isnan(b["rv_err"]) and np.isnan(b["rv_p"])
    assert (c["rv"], c["rv_err"], c["rv_n"]) == (5.0, 3.0, 1)
    assert np.isnan(c["rv_scatter"]) and np.isnan(c["rv_p"])
    assert (a["parameter_n"], b["parameter_n"], c["parameter_n"]) == (3, 1, 0)
    assert (a["teff"], b["teff"]) == (3700.0, 3500.0)
    assert np.isnan(c["teff"])


def test_a_star_takes_its_best_spectrum_and_the_class_of_most():
    stars = star_table(repeats()).set_index("star_id")
    assert stars["best_spectrum"].tolist() == ["k1", "k4", "k5"]
    assert stars["ra"].tolist() == [1.0, 4.0, 5.0]
    assert stars["luminosity_class"].tolist() == ["dM", "gM", "gM"]  # 3 of 4; a tie: the best spectrum's
    assert stars["class_agrees"].tolist() == [0, 0, 1]


def test_every_spectrum_is_of_one_star():
    rows = repeats()
    assert star_table(rows)["n_spectra"].sum() == len(rows)
    assert len(star_table(rows[:0])) == 0


def test_variable_and_binary_flags_are_null_where_nothing_is_known():
    table = repeats()
    rows = table[table["star_id"] == table["star_id"].iloc[0]]
    steady = rows.assign(rv=10.0, rv_err=1.0, rv_flag=1)
    moving = steady.assign(star_id="moving", rv=10.0 + 20.0 * np.arange(len(steady)))
    single = steady.iloc[:1].assign(star_id="single")
    found = star_table(pd.concat([steady, moving, single], ignore_index=True)).set_index("star_id")["rv_variable"]
    assert found.loc["moving"] == 1 and found.drop(["moving", "single"]).tolist() == [0] and found.isna()["single"]
    assert likely_binary(pd.Series([1.0, 1.5, np.nan])).tolist() == [0, 1, pd.NA]
    assert likely_binary(pd.Series([pd.NA, 2.0], dtype="Float64")).tolist() == [pd.NA, 1]
    assert likely_binary(pd.Series([None], dtype=object)).isna().all()
