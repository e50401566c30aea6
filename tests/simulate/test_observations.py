"""The simulated survey: what it plants, what it writes, and that LAMOST's own formats can't tell."""

import gzip

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.simulate import instrument
from mstars.simulate.catalog_tables import write_catalogs
from mstars.simulate.instrument import observe
from mstars.simulate.observations import RV_FAILURES, ZERO_POINT_KMS, make_plan
from mstars.simulate.plates import write_plate, write_plates
from mstars.simulate.population import draw_dwarfs, draw_giants
from mstars.simulate.sizes import SIZES, check_sources, parts, plates
from mstars.simulate.spectrum_maker import SpectrumMaker, tio5
from mstars.simulate.truth import write_truth
from mstars.templates.emulator import Emulator
from mstars.templates.library import COLUMNS, LIBRARY_GRID, TemplateLibrary, save_library

SOURCES = ["bochanski", "kesseli", "stelib", "mastar_ssp"]


def fake_library(path):
    """A library with the sources the simulation needs, of smooth made-up spectra with a few lines."""
    rng = np.random.default_rng(4)
    rows, flux = [], []

    def add(source, letter, subclass, luminosity, teff):
        kind = {"giant": "gM"}.get(luminosity, "dM") if letter == "M" else letter
        rows.append([subclass, source, kind, letter, subclass, luminosity, teff, 4.5, 0.0, 1800.0, 0.0, ""])
        temperature = teff if np.isfinite(teff) else 6000.0
        body = LIBRARY_GRID**-5 / np.expm1(1.4388e8 / LIBRARY_GRID / temperature)
        band = np.exp(-0.5 * ((LIBRARY_GRID - 7140) / 40) ** 2) * np.clip((4200 - temperature) / 1600, 0, 0.8)
        lines = sum(0.3 * np.exp(-0.5 * ((LIBRARY_GRID - x) / 3) ** 2) for x in (5893, 6564.6, 8500.4, 8544.4, 8664.5))
        flux.append(body / np.median(body) * (1 - band) * (1 - lines) * np.exp(0.01 * rng.standard_normal(body.size)))

    for number, teff in enumerate((3850, 3660, 3560, 3430, 3210, 3060, 2810, 2600)):
        add("bochanski", "M", f"M{number}", "dwarf", teff)
    for subclass, teff in (("K7", 4070), ("K5", 4440)):
        add("kesseli", "K", subclass, "dwarf", teff)
    for letter, teff in (("O", 30000), ("B", 15000), ("A", 8500), ("F", 6600), ("G", 5600), ("K", 4800)):
        for step in range(3):
            add("stelib", letter, f"{letter}{step}", "dwarf", teff * (1 + 0.02 * step))
    add("stelib", "M", "M1", "giant", 3800)
    add("stelib", "M", "M6", "giant", 3300)
    add("mastar_ssp", "GALAXY", "SSP 9.0 Gyr", "", np.nan)
    add("mastar_ssp", "GALAXY", "SSP 0.1 Gyr", "", np.nan)
    labels = ("teff", "logg", "mh", "om", "mgm", "sim", "cam", "tim")
    grid = 3500.0 + 0.5 * np.arange(14001)
    band = np.exp(-0.5 * ((grid - 7140) / 40) ** 2)
    weight = np.zeros((14001, 8), "f4")
    weight[:, 0], weight[:, 2] = 0.7 * band, -0.2 * band
    emulator = Emulator(
        labels,
        np.array([3500.0, 0.0, -2.5, *[-0.6] * 5]),
        np.array([4200.0, 3.5, 0.5, *[0.6] * 5]),
        [weight],
        [(1 - 0.45 * band).astype("f4")],
    )
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    save_library(TemplateLibrary(LIBRARY_GRID, np.array(flux, "f4"), table), path, emulator)
    return path


@pytest.fixture(scope="module")
def maker(tmp_path_factory):
    return SpectrumMaker(fake_library(tmp_path_factory.mktemp("library") / "library.h5"), SOURCES)


@pytest.fixture(scope="module")
def plan():
    return make_plan("ci", 3)


@pytest.fixture(scope="module")
def survey(maker, plan, tmp_path_factory):
    """A whole survey of size ci on disk."""
    folder = tmp_path_factory.mktemp("survey") / "sim"
    measured = []
    for plate, rows in plan.groupby("plate"):
        write_plate(
            rows.reset_index(drop=True), maker, 3, folder / "fits" / plate, folder / "plates" / f"{plate}.parquet"
        )
        measured.append(pd.read_parquet(folder / "plates" / f"{plate}.parquet"))
    measured = pd.concat(measured, ignore_index=True)
    write_catalogs(plan, measured, "ci", 3, folder)
    write_truth(plan, measured, folder, {"size": "ci", "seed": 3, "make_sources": SOURCES, "match_sources": ["mastar"]})
    return folder


def test_inverse_crime_is_refused():
    with pytest.raises(InputError, match="both have stelib"):
        check_sources(["kesseli", "stelib"], ["stelib", "mastar"], False)
    check_sources(["kesseli", "stelib"], ["stelib", "mastar"], True)
    check_sources(["kesseli"], ["mastar"], False)


def test_the_demo_plants_what_it_promises():
    plan = make_plan("demo", 1)
    candidates = plan[plan["role"] == "candidate"]
    real = candidates[candidates["true_class"].isin(["dM", "gM"])]
    assert len(real) >= 3000 and 0.15 < (real["true_class"] == "gM").mean() < 0.25
    planted = candidates[candidates["planted_class"]]["true_class"].value_counts()
    assert set(planted.index) == {
        *("A", "B", "F", "G", "WD", "S", "spectral_binary", "em_star", "galaxy", "qso", "unknown"),
    }
    assert planted.min() >= 40
    assert not candidates.loc[candidates["true_class"] == "K", "planted_class"].any()
    assert candidates["planted_dmgm"].sum() >= 60
    for failure in RV_FAILURES:
        assert (candidates["planted_rv"] == failure).sum() >= 40
    assert plan.loc[plan["role"] == "train", "true_class"].value_counts().min() >= 300
    assert plan["plate"].nunique() == 4 and (plan["obsdate"] < "2012-01-14").any()
    assert plan["spectrum_key"].is_unique and plan["obsid"].is_unique
    assert real["star"].duplicated().sum() >= 200


def test_catalogue_velocities(plan):
    """7 km/s with tails about a -5 km/s zero point, but for the planted ones, which are off by 50 to 1000."""
    good = plan[(plan["planted_rv"] == "") & plan["kind"].isin(["dM", "gM"])]
    offset = good["lamost_rv"] - good["rv"]
    assert offset.median() == pytest.approx(ZERO_POINT_KMS, abs=1.5)
    assert 4 < 1.4826 * (offset - offset.median()).abs().median() < 10
    bad = plan[plan["planted_rv"] != ""]
    assert ((bad["rv_jump"].abs() > 49) & (bad["rv_jump"].abs() < 1001)).all()


def test_double_lined_dwarfs_keep_the_mean_velocity_of_their_light(maker):
    plan = make_plan("demo", 1)
    doubles = plan[plan["companion_kms"] != 0]
    assert 10 < len(doubles) < 60 and (doubles["kind"] == "dM").all() and (doubles["planted_rv"] == "").all()
    rows = doubles.head(4).assign(companion_kms=200.0, companion_share=0.5, active=False)
    rows["companion_teff"] = rows["teff"]
    single = maker.make("dM", rows.assign(companion_kms=0.0), np.random.default_rng(1))
    double = maker.make("dM", rows, np.random.default_rng(1))
    red = (LIBRARY_GRID > 6500) & (LIBRARY_GRID < 8800)
    for one, two in zip(single, double, strict=True):
        expected = 0.5 * sum(np.interp(LIBRARY_GRID * (1 + v / C_KMS), LIBRARY_GRID, one) for v in (-100, 100))
        assert np.abs(two[red] / expected[red] - 1).max() < 0.01
        assert np.abs(two[red] / one[red] - 1).max() > 0.02


def test_same_seed_same_stars(plan):
    pd.testing.assert_frame_equal(plan, make_plan("ci", 3))
    assert not np.allclose(plan["teff"].head(50), make_plan("ci", 4)["teff"].head(50), equal_nan=True)


def test_labels_follow_isochrones():
    rng = np.random.default_rng(1)
    dwarfs, giants = draw_dwarfs(rng, 2000), draw_giants(rng, 2000)
    assert dwarfs["logg"].between(4.4, 5.5).all() and giants["logg"].between(0.0, 1.8).all()
    assert np.corrcoef(dwarfs["teff"], dwarfs["logg"])[0, 1] < -0.7
    assert np.corrcoef(giants["teff"], giants["logg"])[0, 1] > 0.5
    assert np.corrcoef(dwarfs["m_h"], dwarfs["alpha_m"])[0, 1] < -0.4
    # Li et al. 2025, Fig. 6: dwarfs in their quadrilateral, giants above M_G = 1.8 (BP-RP) - 2.2
    m_g, colour = dwarfs["m_g"], dwarfs["bp_rp"]
    left, right = 0.7 + (m_g - 5) / 11.5 * 3.3, 1.4 + (m_g - 5) / 11.5 * 3.6
    assert ((colour > left) & (colour < right)).mean() > 0.97
    assert (giants["m_g"] < 1.8 * giants["bp_rp"] - 2.2).mean() > 0.99


def test_labels_outside_the_templates(maker):
    with pytest.raises(InputError, match="Teff 2000 to 2000 K is outside"):
        maker.dwarfs(2000.0, 5.0, 0.0, 0.0)
    with pytest.raises(InputError, match="Teff 2900 to 2900 K is outside"):
        maker.giants(2900.0, 0.5, 0.0, 0.0, np.random.default_rng(0))


def test_cooler_dwarfs_have_deeper_bands(maker):
    depth = tio5(maker.dwarfs([4000.0, 3500.0, 3000.0], [4.7, 4.8, 5.0], 0.0, 0.04))
    assert depth[0] > depth[1] > depth[2]


def test_every_kind_can_be_made(maker, plan):
    for kind, rows in plan.groupby("kind"):
        flux = maker.make(kind, rows.head(3).reset_index(drop=True), np.random.default_rng(0))
        assert np.isfinite(flux).all() and (flux > 0).all(), kind
    with pytest.raises(InputError, match="'comet'"):
        maker.make("comet", plan.head(2), np.random.default_rng(0))


def test_noise_is_what_ivar_says(maker, plan):
    """Of a star observed many times: S/N as aimed at, scatter near 1/sqrt(ivar), neighbours correlated."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 60, ignore_index=True).assign(snri_aim=30.0, ebv=0.0)
    rng = np.random.default_rng(5)
    seen = observe(maker.make("dM", rows, rng), rows, rng)
    assert np.median(seen.snr["i"]) == pytest.approx(30, rel=0.1)
    quiet = slice(3080, 3120)
    flux, sigma = seen.flux[:, quiet].astype(float), 1 / np.sqrt(np.maximum(seen.ivar[:, quiet], 1e-12))
    x = np.linspace(-1, 1, 40)
    basis = np.linalg.qr(np.vander(x, 5))[0]
    residual = (flux - (flux @ basis) @ basis.T) / sigma
    residual = residual[np.abs(residual).max(axis=1) < 6]
    assert 0.6 < residual.std() < 1.2
    assert 0.1 < np.mean(residual[:, 1:] * residual[:, :-1]) / np.mean(residual**2) < 0.45


def test_older_pipelines_take_weights_away(maker, plan):
    """As in real files: faint blue pixels of 2012 and before keep their flux and S/N, not their weight."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 12, ignore_index=True).assign(snri_aim=np.geomspace(3, 60, 12), ebv=0.0)
    wave = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    blue, band = wave < 3899, (wave > 7581) & (wave < 7679)
    seen = {}
    for name, values in {
        "first": dict(layout="image", lmjd=55888, planid="B6001"),
        "late": dict(layout="image", lmjd=57000, planid="X"),
        "coadd": dict(layout="coadd", lmjd=57440, planid="X"),
    }.items():
        rng = np.random.default_rng(5)
        seen[name] = observe(maker.make("dM", rows.assign(**values), rng), rows.assign(**values), rng)
    lost = {name: (one.ivar == 0).mean(axis=0) for name, one in seen.items()}
    faint = seen["late"].snr["u"] < 1.8
    assert faint.any() and not faint.all()
    assert (seen["first"].ivar[faint][:, blue] == 0).mean() > 0.7 and lost["coadd"][blue].mean() < 0.01
    assert lost["late"][blue].mean() == pytest.approx(faint.mean(), abs=0.01)
    assert (lost["first"][band] == 1).all() and lost["late"][band].mean() < 0.02
    middle = (wave > 6000) & (wave < 7500)
    assert (seen["first"].ivar[-4:][:, middle] == 0).mean() < 0.02
    np.testing.assert_array_equal(seen["first"].snr["u"], seen["coadd"].snr["u"])
    np.testing.assert_array_equal(seen["first"].flux, seen["coadd"].flux)


def test_velocity_is_in_the_spectrum(maker, plan):
    """H alpha of a written star lies at its true velocity with the zero point."""
    row = plan[(plan["kind"] == "dM") & (plan["planted_rv"] == "")].head(1)
    rows = pd.concat([row] * 20, ignore_index=True).assign(snri_aim=300.0, rv=120.0, active=False, ebv=0.0)
    rng = np.random.default_rng(5)
    seen = observe(maker.make("dM", rows, rng), rows, rng)
    wave = 10 ** (3.5682 + 1e-4 * np.arange(3909))
    mean = seen.flux.mean(axis=0).astype(float)
    centres = 6564.6 * (1 + np.arange(-60, 301) / C_KMS)
    profiles = np.exp(-0.5 * ((wave[None] - centres[:, None]) / 3.5) ** 2)
    core = (wave > 6545) & (wave < 6590)
    basis = np.linalg.qr(np.vander(wave[core] - 6567, 3))[0]
    profiles, mean = profiles[:, core], mean[core]
    profiles, mean = profiles - (profiles @ basis) @ basis.T, mean - basis @ (basis.T @ mean)
    match = profiles @ mean / np.sqrt((profiles**2).sum(axis=1))
    assert np.arange(-60, 301)[np.argmin(match)] == pytest.approx(120 + ZERO_POINT_KMS, abs=12)


def test_same_seed_same_bytes(maker, plan, tmp_path):
    rows = plan[plan["plate"] == plan["plate"].iloc[0]].head(12).reset_index(drop=True)
    for name in ("one", "two"):
        write_plate(rows, maker, 3, tmp_path / name, tmp_path / f"{name}.parquet")
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 12
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    write_plate(rows, maker, 4, tmp_path / "three", tmp_path / "three.parquet")
    assert (tmp_path / "one" / files[0]).read_bytes() != (tmp_path / "three" / files[0]).read_bytes()


def test_plates_written_together_are_those_written_apart(maker, plan, tmp_path):
    rows = plan.groupby("plate").head(6).reset_index(drop=True)
    assert write_plates(rows, maker, 3, tmp_path / "all", tmp_path / "all.parquet") == 12
    together = pd.read_parquet(tmp_path / "all.parquet").set_index("spectrum_key")
    for plate, own in rows.groupby("plate"):
        first = own.iloc[0]
        write_plate(own, maker, 3, tmp_path / plate, tmp_path / f"{plate}.parquet")
        apart = pd.read_parquet(tmp_path / f"{plate}.parquet").set_index("spectrum_key")
        pd.testing.assert_frame_equal(together.loc[apart.index], apart)
        folder = tmp_path / "all" / first["obsdate"].replace("-", "") / first["planid"]
        assert sorted(path.name for path in folder.iterdir()) == sorted(own["filename"])
        for path in folder.iterdir():
            assert path.read_bytes() == (tmp_path / plate / path.name).read_bytes()


@pytest.mark.parametrize("size", SIZES)
def test_each_plate_is_written_by_one_job(size):
    names = [plate["plate"] for plate in plates(size)]
    jobs = parts(size)
    assert [name for part in jobs.values() for name in part] == names
    assert len(jobs) == len(names) if size in {"demo", "ci"} else len(jobs) <= len(names)


def test_files_are_lamosts(survey, plan):
    """astropy and the project's own reader see the layout, and the header's values are the plan's."""
    from mstars.lamost import reader

    for _, row in plan.groupby("layout").head(1).iterrows():
        path = survey / "fits" / row["plate"] / row["filename"]
        with fits.open(path) as hdus:
            hdus.verify("exception")
            assert hdus[0].header["OBSID"] == row["obsid"]
            assert hdus[0].header["LMJD"] == row["lmjd"]
        assert reader is not None


def test_catalogues(survey, plan):
    m = fits.getdata(survey / "catalogs" / "lamost_m.fits.gz")
    assert len(m) == (plan["role"] == "candidate").sum()
    assert {"obsid", "planid", "snri", "subclass", "z", "z_err", "gaia_source_id", "tio5", "zeta"} <= set(m.names)
    assert set(np.char.lower(np.char.strip(m["subclass"].astype(str), "0123456789"))) <= {"dm", "gm", "sdm"}
    gaia = fits.getdata(survey / "catalogs" / "gaia_dr3.fits")
    assert len(np.unique(gaia["source_id"])) == len(gaia)
    stars = plan["star"].nunique()
    assert 0.9 * stars < len(gaia) < 1.05 * stars
    apogee = fits.getdata(survey / "catalogs" / "apogee_dr16.fits")
    assert {name[:3] for name in apogee["ASPCAP_CLASS"]} <= {"GKg", "GKd", "Mg_", "Md_"}
    truth = pd.read_parquet(survey / "truth.parquet")
    assert len(truth) == len(plan) and truth["spectrum_key"].is_unique
    assert np.allclose(truth["true_rv_lamost"] - truth["true_rv"], ZERO_POINT_KMS)


def test_dust_map_is_read_by_dustmaps(survey, plan):
    bayestar = pytest.importorskip("dustmaps.bayestar")
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    query = bayestar.BayestarQuery(map_fname=str(survey / "dust" / "bayestar.h5"))
    stars = plan[plan["kind"] == "dM"]
    stars = stars[stars["ebv"] > 0.02].head(30)
    places = SkyCoord(
        stars["ra"].to_numpy() * u.deg, stars["dec"].to_numpy() * u.deg, stars["distance"].to_numpy() * u.pc
    )
    found = 0.884 * query(places, mode="median")
    assert np.nanmedian(np.abs(found / stars["ebv"].to_numpy() - 1)) < 0.15


def test_no_hint_of_the_truth_in_a_header(survey, plan):
    row = plan[plan["planted_class"]].iloc[0]
    header = gzip.decompress((survey / "fits" / row["plate"] / row["filename"]).read_bytes())[:20000]
    for word in (b"simul", b"SIMUL", b"planted", b"truth", b"mstars"):
        assert word not in header


def _structure(card):
    """Keyword, kind of value, its columns, and the comment."""
    image = card.image[:80]
    if image[8:10] != "= ":
        return image
    value, _, comment = image[10:].partition("/")
    kind = type(card.value).__name__
    decimals = len(value.strip().split(".")[1]) if kind == "float" and "." in value else 0
    return image[:8], kind, decimals, comment.strip()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("laspec/spec-57287-KP193637N444141V03_sp10-161.fits.gz", "image"),
        ("cmost/spec-55859-F5902_sp01-001.fits.gz", "coadd"),
    ],
)
def test_cards_are_those_of_real_files(real, survey, plan, maker, tmp_path, name, layout):
    """Card by card: same keywords in the same order, same types, decimals and comments; same HDUs."""
    if not (real / "lamost" / name).is_file():
        pytest.skip(f"no {name}")
    rows = plan.head(1).assign(layout=layout).reset_index(drop=True)
    write_plate(rows, maker, 3, tmp_path / "p", tmp_path / "p.parquet")
    with fits.open(real / "lamost" / name) as theirs, fits.open(tmp_path / "p" / rows["filename"][0]) as ours:
        assert [type(hdu) for hdu in ours] == [type(hdu) for hdu in theirs]
        for one, two in zip(ours, theirs, strict=True):
            assert [_structure(card) for card in one.header.cards] == [_structure(card) for card in two.header.cards]
            if one.data is not None and layout == "image":
                assert one.data.dtype == two.data.dtype and one.data.shape[0] == two.data.shape[0]
            elif one.data is not None:
                assert one.data.dtype.names == two.data.dtype.names


def test_sizes():
    assert SIZES["demo"]["plates"] == 4 and SIZES["scale"]["dM"] + SIZES["scale"]["gM"] > 90000


def test_training_stars_are_those_of_their_catalogues():
    train = make_plan("networks", 3)
    train = train[train["role"] == "train"]
    for name, span in (("A", (7420, 9700)), ("F", (6100, 7060)), ("G", (4360, 5945)), ("K", (4120, 4665))):
        rows = train[train["kind"] == name]
        assert rows["teff"].between(*span).all()
        # LAMOST's catalogue of A to K stars has none below an S/N of 6 in g
        assert rows["snri_aim"].min() >= {"G": 12, "K": 18}.get(name, 10)
    giants = train[train["logg"] < 3.4]
    assert giants[giants["kind"] == "G"]["teff"].min() > giants[giants["kind"] == "K"]["teff"].max()
    assert train[train["kind"] == "GALAXY"]["snri_aim"].min() < 6


def test_dust_left_by_the_calibration():
    n = 4000
    standards = 0.4 * (1 - np.exp(-1000 / 600))
    rows = pd.DataFrame({"role": "train", "ebv_scale": 0.4, "ebv": np.repeat([0.05, standards], n)})
    left = instrument._dust_left(rows, np.random.default_rng(1))
    assert left[:n].mean() == pytest.approx(0.05 - standards, abs=0.006)  # in front of the standards: too blue
    assert left[n:].mean() == pytest.approx(0.0, abs=0.006)
    # Student's t of three degrees of freedom: about as wide as real stars, with far more that are much too red or blue
    assert 1.4826 * np.median(np.abs(left[n:])) == pytest.approx(0.125, abs=0.006)
    assert np.mean(np.abs(left[n:]) > 0.39) == pytest.approx(0.038, abs=0.01)
    assert np.abs(left[n:]).max() <= 0.66 + 1e-9
