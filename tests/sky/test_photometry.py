"""Extinction, the five criteria and the regions of the colour-magnitude diagram."""

import numpy as np
import pandas as pd
import pytest

from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.sky.cmd import DM_REGION, DM_REGION_PRINTED, cmd_position
from mstars.sky.extinction import absolute_magnitude, gaia_coefficients, reddening, wise_coefficients
from mstars.sky.gaia_criteria import cmd_flag
from mstars.sky.photometry import photometry

SETTINGS = filled({})["photometry"]


def test_vertices_of_the_default_region_go_round():
    assert DM_REGION.tolist() == [[0.7, 5.0], [1.4, 5.0], [5.0, 16.5], [4.0, 16.5]]
    x, y = DM_REGION.T
    area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    assert area == pytest.approx(0.5 * (0.7 + 1.0) * 11.5)  # of the trapezium


def test_printed_order_loses_dwarfs_that_the_right_order_keeps():
    colour, magnitude = np.array([2.3, 2.7, 1.1]), np.array([9.9, 9.9, 5.5])  # beside the crossing, and at the top
    assert cmd_position(colour, magnitude, DM_REGION).tolist() == ["dM", "dM", "dM"]
    assert cmd_position(colour, magnitude, DM_REGION_PRINTED).tolist() == ["other", "other", "dM"]


def test_regions():
    colour = np.array([2.0, 2.0, 2.0, 2.0, np.nan, 2.0, 0.5, 1.0])
    magnitude = np.array([9.0, 0.0, 1.5, 4.0, 9.0, np.nan, 12.0, 5.0])
    position = cmd_position(colour, magnitude)
    # the line at 2.0 is M_G = 1.4: giants are brighter (smaller); 1.5 is below it. A side of the polygon is inside.
    assert position.tolist() == ["dM", "gM", "other", "other", "", "", "other", "dM"]


def good_gaia(n=1):
    table = {"parallax_over_error": 5.1, "ruwe": 1.39}
    table |= {f"phot_{band}_mean_flux_over_error": 20.1 for band in ("g", "bp", "rp")}
    return pd.DataFrame([table] * n)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parallax_over_error", 5.0),
        ("ruwe", 1.4),
        ("phot_g_mean_flux_over_error", 20.0),
        ("phot_bp_mean_flux_over_error", 20.0),
        ("phot_rp_mean_flux_over_error", 20.0),
        ("ruwe", np.nan),
        ("parallax_over_error", np.nan),
    ],
)
def test_each_of_the_five_criteria_counts_and_is_strict(name, value):
    assert cmd_flag(good_gaia()).all()
    assert not cmd_flag(good_gaia().assign(**{name: value})).any()


def test_equation_1():
    assert absolute_magnitude(10.0, 100.0, 0.5) == pytest.approx(4.5)
    assert np.isnan(absolute_magnitude(10.0, 0.0, 0.5))
    assert np.isnan(absolute_magnitude(10.0, np.nan, 0.5))


def test_gaia_coefficients():
    at_3800 = gaia_coefficients("teff")
    assert at_3800 == pytest.approx({"G": 2.369, "BP": 3.008, "RP": 1.985}, abs=5e-4)
    assert gaia_coefficients("mean") == {"G": 2.740, "BP": 3.374, "RP": 2.035}
    with pytest.raises(InputError, match="gaia_extinction"):
        gaia_coefficients("median")


def test_wise_coefficients():
    ebv = np.array([0.1, np.nan])
    simple, function = wise_coefficients(ebv, "simple"), wise_coefficients(ebv, "function")
    assert (simple["W1"][0], simple["W2"][0]) == (0.194, 0.138)
    assert function["W1"][0] == pytest.approx(0.183, abs=1e-3)
    assert function["W2"][0] == pytest.approx(0.068, abs=1e-3)
    assert np.isnan(function["W1"][1])


@pytest.fixture
def tiny_map(tmp_path):
    """A map of 12 pixels as Bayestar19's file is laid out: 0.1 a magnitude of distance modulus above 4."""
    import h5py

    edges = np.arange(4.0, 19.25, 0.5)
    path = tmp_path / "bayestar.h5"
    fields = [("nside", "u4"), ("healpix_index", "u8"), ("converged", "u1")]
    fields += [("DM_reliable_min", "f4"), ("DM_reliable_max", "f4"), ("n_stars", "u4")]
    pixels = np.array([(1, i, i != 3, 6.0, 12.0, 10) for i in range(11)], dtype=fields)  # pixel 11 is off the map
    profile = np.broadcast_to(0.1 * (edges - edges[0]), (11, len(edges))).astype("f4")
    with h5py.File(path, "w") as file:
        file.create_dataset("pixel_info", data=pixels).attrs["DM_bin_edges"] = edges
        file.create_dataset("best_fit", data=profile)
        file.create_dataset("samples", data=profile[:, None, :] * np.array([0.5, 1.0, 3.0], "f4")[None, :, None])
    return path


def test_reddening_is_the_scaled_median_at_the_distance(tiny_map, capsys):
    from astropy_healpix import HEALPix

    centre = HEALPix(1, order="nested", frame="galactic").healpix_to_skycoord(np.array([0, 3, 11, 0, 0])).icrs
    distance = np.array([10 ** (9.0 / 5 + 1)] * 3 + [10 ** (5.0 / 5 + 1), np.nan])
    ebv, reliable = reddening(centre.ra.deg, centre.dec.deg, distance, tiny_map)
    assert ebv[:2] == pytest.approx(0.884 * 0.5, rel=1e-4)  # 5 magnitudes beyond the first edge, median of 0.5, 1, 3
    assert np.isnan(ebv[[2, 4]]).all()
    assert reliable.tolist() == [True, False, False, False, False]  # converged; not; off; nearer than reliable; unknown
    mean, _ = reddening(centre.ra.deg[:1], centre.dec.deg[:1], distance[:1], tiny_map, mode="mean", scale=0.996)
    assert mean[0] == pytest.approx(0.996 * 0.75, rel=1e-4)
    assert capsys.readouterr().out == ""


def test_a_file_that_is_no_map_is_named(tmp_path):
    with pytest.raises(InputError, match="external.dust_map: .*no such file"):
        reddening([1.0], [1.0], [1.0], tmp_path / "none.h5")
    (tmp_path / "a.h5").write_text("no map")
    with pytest.raises(InputError, match="not a Bayestar map"):
        reddening([1.0], [1.0], [1.0], tmp_path / "a.h5")


def matched(n=3):
    gaia = good_gaia(n).assign(
        spectrum_key=[f"k{i}" for i in range(n)], ra=180.0, dec=30.0, r_med_geo=100.0, phot_g_mean_mag=14.0, bp_rp=2.0
    )
    gaia["source_id"] = pd.array([1] * n, dtype="Int64")
    wise = pd.DataFrame({"spectrum_key": gaia["spectrum_key"], "w1mpro": 10.0, "w2mpro": 9.8})
    return gaia, wise.assign(w1sigmpro=0.02, w2sigmpro=0.03)


def test_the_table_without_a_map(tiny_map):
    gaia, wise = matched()
    table = photometry(gaia, wise, None, SETTINGS)
    assert table["ebv"].isna().all()
    assert table["M_G_0"].isna().all()
    assert (table["CMD_pos"] == "").all()
    zero = photometry(gaia, wise, None, SETTINGS | {"missing_ebv": "zero"})
    assert zero["ebv"].isna().all()
    assert zero["M_G_0"].tolist() == [9.0] * 3
    assert zero["CMD_pos"].tolist() == ["dM"] * 3
    assert zero["W1_W2_0"].to_numpy() == pytest.approx(0.2)


def test_only_reliable_sources_have_a_place_and_unmatched_ones_are_null(tiny_map):
    gaia, wise = matched()
    gaia.loc[1, "ruwe"] = 2.0
    gaia.loc[2, ["ruwe", "bp_rp", "r_med_geo", "phot_g_mean_mag", "ra", "dec"]] = np.nan
    gaia.loc[2, "source_id"] = pd.NA
    table = photometry(gaia, wise[:2], tiny_map, SETTINGS)
    assert table["CMD_flag"].tolist()[:2] == [1, 0]
    assert table["CMD_flag"].isna().tolist() == [False, False, True]
    assert table["CMD_pos"].tolist() == ["dM", "", ""]
    ebv = 0.884 * 0.1  # 100 pc: modulus 5, one magnitude beyond the first edge
    assert table["ebv"][0] == pytest.approx(ebv, rel=1e-4)
    assert table["bp_rp_0"][0] == pytest.approx(2.0 - (3.0080 - 1.9852) * ebv, abs=1e-4)
    assert table["M_G_0"][0] == pytest.approx(9.0 - 2.3691 * ebv, abs=1e-4)
    assert table["W1_W2_0"][0] == pytest.approx(0.2 - 0.056 * ebv, abs=1e-6)
    assert table["ebv_flag"].tolist()[:2] == [0, 0]
    assert table["e_W1"].isna().tolist() == [False, False, True]


def test_real_m_dwarfs_lie_in_the_dwarf_region(real):
    stars = pd.read_csv(real / "catalogs" / "CARMENES" / "cif03.full_table.csv.gz", low_memory=False)
    stars = stars[(stars["ruwe"] < 1.4) & (stars["parallax"] > 10) & stars["BP_mag"].notna()]
    for name in ("BP_mag", "RP_mag", "G_mag"):
        stars[name] = pd.to_numeric(stars[name], errors="coerce")
    stars = stars[stars["SpT"].str.match(r"M[0-6]\.\d V", na=False) & stars["BP_mag"].notna() & stars["RP_mag"].notna()]
    colour = (stars["BP_mag"] - stars["RP_mag"]).to_numpy()
    magnitude = absolute_magnitude(stars["G_mag"].to_numpy(), 1000 / stars["parallax"].to_numpy(), 0.0)
    right, printed = cmd_position(colour, magnitude), cmd_position(colour, magnitude, DM_REGION_PRINTED)
    assert len(stars) > 1000
    assert (right == "dM").mean() > 0.96  # the rest: young, blended, or redder than M6
    assert (right == "gM").sum() == 0
    assert (printed == "dM").mean() < 0.6


def test_the_real_layout_of_the_map_is_read(real):
    ebv, _ = reddening([120.0, 120.0], [30.0, -60.0], [200.0, 200.0], real / "synthetic" / "bayestar_tiny.h5")
    assert np.isfinite(ebv[0])
    assert 0 <= ebv[0] < 5


def test_absent_catalogues_make_a_table_of_nulls(tiny_map, tmp_path):
    from mstars.files.tables import read_table, write_table
    from mstars.sky.allwise import match_allwise
    from mstars.sky.gaia import match_gaia

    config = filled({})
    rows = pd.DataFrame({"spectrum_key": ["a", "b"], "ra": 10.0, "dec": 20.0, "obsdate": "2012-01-01", "mjd": 55927})
    rows["gaia_source_id"] = pd.array([pd.NA, pd.NA], dtype="Int64")
    write_table(match_gaia(rows, None, None, config["crossmatch"]), tmp_path / "gaia.parquet")
    gaia = read_table(tmp_path / "gaia.parquet")
    write_table(match_allwise(rows, gaia, None, config["crossmatch"]), tmp_path / "allwise.parquet")
    for dust_map in (None, tiny_map):
        table = photometry(gaia, read_table(tmp_path / "allwise.parquet"), dust_map, SETTINGS)
        assert table["spectrum_key"].tolist() == ["a", "b"]
        values = table.drop(columns="spectrum_key")
        assert ((values.isna()) | (values == "")).all(axis=None)
