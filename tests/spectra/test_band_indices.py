"""Band indices, H alpha and what is derived from them."""

import gzip

import numpy as np
import pandas as pd
import pytest

from mstars.core.constants import C_KMS
from mstars.spectra.band_indices import HALPHA_BAND, band_indices, bands, derived
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import air_to_vacuum, lamost_wavelength


def spectra_of(flux, ivar=100.0, ormask=None):
    flux = np.atleast_2d(np.asarray(flux, dtype=np.float32))
    ivar = np.broadcast_to(np.asarray(ivar, dtype=np.float32), flux.shape).copy()
    ormask = np.zeros(flux.shape, np.uint8) if ormask is None else ormask
    return SpectrumSet(flux, ivar, ormask, lamost_wavelength(), np.array([f"k{i}" for i in range(len(flux))]))


def stepped(rv=0.0):
    """A spectrum of 1 but for TiO5's band, of 0.4, and CaH1's second continuum, of 3, in the rest frame."""
    rest = lamost_wavelength() / (1 + rv / C_KMS)
    flux = np.ones_like(rest)
    flux[(rest > bands()["tio5"][0][0] - 2) & (rest < bands()["tio5"][0][1] + 2)] = 0.4
    flux[(rest > bands()["cah1"][2][0] - 2) & (rest < bands()["cah1"][2][1] + 2)] = 3.0
    return flux


def test_bands_are_converted_to_vacuum():
    assert bands()["tio5"][0] == pytest.approx((7127.966, 7136.969), abs=0.01)
    assert [len(parts) for parts in bands().values()] == [2, 3, 2, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize("rv", [0.0, -180.0, 250.0])
def test_indices_are_measured_in_the_rest_frame(rv):
    table = band_indices(spectra_of(stepped(rv)), np.array([rv]))
    assert table["tio5"][0] == pytest.approx(0.4, abs=1e-5)
    assert table["cah1"][0] == pytest.approx(0.5, abs=1e-5)
    assert table["tio2"][0] == pytest.approx(1.0, abs=1e-5)


def test_a_spectrum_without_a_velocity_is_not_shifted():
    table = band_indices(spectra_of(stepped()), np.array([np.nan]))
    assert table["tio5"][0] == pytest.approx(0.4, abs=1e-5)


def test_pixels_count_by_the_part_inside_the_band():
    wavelength = lamost_wavelength()
    table = band_indices(spectra_of(wavelength / 7000), np.array([0.0]))
    low, high = bands()["tio5"]
    assert table["tio5"][0] == pytest.approx(np.mean(low) / np.mean(high), abs=2e-5)


def test_errors_are_those_of_repeated_noise():
    generator = np.random.default_rng(3)
    noise = 0.05
    flux = stepped() + generator.normal(0, noise, (600, len(lamost_wavelength())))
    table = band_indices(spectra_of(flux, ivar=1 / noise**2), np.zeros(600))
    for name in ("tio5", "cah1", "cah3", "ewha"):
        assert table[name].std() == pytest.approx(table[f"{name}_err"].median(), rel=0.12)


def test_masked_bands_are_null_and_single_bad_pixels_are_left_out():
    flux = stepped()
    ormask = np.zeros((2, len(flux)), np.uint8)
    low, high = bands()["tio5"][0]
    inside = np.flatnonzero((lamost_wavelength() > low) & (lamost_wavelength() < high))
    ormask[0, inside] = 1
    ormask[1, inside[2]] = 1
    both = np.vstack([flux, flux])
    both[1, inside[2]] = 1e6
    table = band_indices(spectra_of(both, ormask=ormask), np.zeros(2))
    assert np.isnan(table["tio5"][0])
    assert table["tio5"][1] == pytest.approx(0.4, abs=1e-5)


def plain_mean(spectra, rv, row, lower, upper):
    """Mean flux of a rest-frame band and its variance: pixel by pixel, each by the part of it that lies inside."""
    middle = 0.5 * (spectra.wavelength[1:] + spectra.wavelength[:-1])
    edges = np.concatenate([[1.5 * spectra.wavelength[0] - 0.5 * spectra.wavelength[1]], middle])
    edges = np.append(edges, 1.5 * spectra.wavelength[-1] - 0.5 * spectra.wavelength[-2])
    factor = 1 + rv / C_KMS
    inside = np.clip(np.minimum(edges[1:], upper * factor) - np.maximum(edges[:-1], lower * factor), 0, None)
    inside = np.where(spectra.bad[row], 0.0, inside)
    share = inside / np.diff(edges)
    variance = np.where(share > 0, share * np.diff(edges) ** 2 / np.maximum(spectra.ivar[row], 1e-30), 0.0)
    usable = inside.sum() >= 0.6 * (upper - lower) * factor
    flux = np.where(share > 0, spectra.flux[row], 0.0).astype(float)
    return (flux @ inside / inside.sum(), variance.sum() / inside.sum() ** 2) if usable else (np.nan, np.nan)


def test_the_compiled_sums_are_those_of_a_plain_sum_over_pixels():
    generator = np.random.default_rng(8)
    n, n_pixel = 12, len(lamost_wavelength())
    ivar = generator.uniform(1, 400, (n, n_pixel)) * (generator.random((n, n_pixel)) > 0.1)
    ormask = (generator.random((n, n_pixel)) > 0.9).astype(np.uint8)
    ormask[0, 2500:2800] = 4
    spectra = spectra_of(generator.uniform(0.5, 2.0, (n, n_pixel)), ivar, ormask)
    spectra.flux[1, 2600:2900:7] = np.nan
    rv = np.append(generator.uniform(-400, 400, n - 1), 0.0)
    table = band_indices(spectra, rv)
    for row in range(n):
        for name, (band, *continua) in bands().items():
            above, above_variance = plain_mean(spectra, rv[row], row, *band)
            sides = np.array([plain_mean(spectra, rv[row], row, *pair) for pair in continua])
            below, below_variance = sides[:, 0].mean(), sides[:, 1].sum() / len(sides) ** 2
            error = np.sqrt(above_variance + (above / below) ** 2 * below_variance) / below
            assert table[name][row] == pytest.approx(above / below, rel=1e-9, nan_ok=True)
            assert table[f"{name}_err"][row] == pytest.approx(error, rel=1e-6, nan_ok=True)
    assert 0 < table["tio5"].isna().sum() < n


def test_h_alpha_emission_is_positive_and_active():
    wavelength = lamost_wavelength()
    line = np.exp(-0.5 * ((wavelength - 6564.6) / 1.0) ** 2) / np.sqrt(2 * np.pi)
    table = band_indices(spectra_of([1 + 3.0 * line, 1 - 1.0 * line, 1 + 0.5 * line]), np.zeros(3))
    assert table["ewha"].to_numpy() == pytest.approx([3.0, -1.0, 0.5], abs=0.02)
    assert derived(table)["active"].tolist() == [1, 0, 0]
    noisy = table.assign(ewha_err=2.0)
    assert derived(noisy)["active"].tolist() == [0, 0, 0]
    assert derived(table.assign(ewha=np.nan))["active"].isna().all()
    assert HALPHA_BAND[1] - HALPHA_BAND[0] == pytest.approx(14.0)


def test_subtype_zeta_and_metallicity_class():
    # at CaH2 + CaH3 = 1.2: TiO5 of the Sun's metallicity is 0.489 (Lepine et al. 2007), 0.461 (Zhang et al. 2019)
    table = pd.DataFrame({"tio5": [0.489, 0.8, 0.95, np.nan], "cah2": 0.5, "cah3": 0.7, "ewha": 0.0, "ewha_err": 0.1})
    lepine, zhang = derived(table, "lepine2007"), derived(table, "zhang2019")
    assert lepine["zeta"][0] == pytest.approx(1.0, abs=0.01)
    assert lepine["metallicity_class"].tolist() == ["dM", "esdM", "usdM", ""]
    assert zhang["zeta"][0] == pytest.approx((1 - 0.489) / (1 - 0.461), abs=0.01)
    assert lepine["subtype_tio5"][0] == pytest.approx(8.2 - 10.775 * 0.489)


def test_no_spectra_make_an_empty_table():
    table = band_indices(spectra_of(np.empty((0, len(lamost_wavelength())))), np.empty(0))
    assert len(table.join(derived(table))) == 0


def test_real_m_dwarfs_have_the_subtypes_lamost_gives(real):
    from mstars.lamost.ingest import ingest_batch
    from mstars.lamost.plan import plan_files

    rows = plan_files(str(real / "lamost")).candidates
    rows = rows[rows["subclass"].str.contains(r"M\d")].reset_index(drop=True)
    spectra, header, _ = ingest_batch(rows)
    rows = rows.set_index("spectrum_key").loc[spectra.spectrum_key]
    table = band_indices(spectra, rows["lamost_rv"].to_numpy())
    table = table.join(derived(table))
    difference = table["subtype_tio5"] - rows["subclass"].str.extract(r"M(\d)")[0].astype(float).to_numpy()
    assert len(table) > 30
    assert abs(difference.median()) < 0.6
    assert 1.4826 * (difference - difference.median()).abs().median() < 1.0
    assert (table["metallicity_class"] == "dM").mean() > 0.95
    assert table["zeta"].median() == pytest.approx(1.0, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("calibration", ["zhang2019", "lepine2007"])
def test_standards_have_their_published_metallicity_class(real, calibration):
    """60 observed standards: Bochanski 2007 dM, Kesseli 2019 and Lepine 2007 dM, sdM, esdM and usdM."""
    found = []
    for path in sorted((real / "templates" / "kastredux_standards").glob("*M[0-9]*.txt.gz")):
        with gzip.open(path, "rt") as file:
            values = np.array([line.split()[:2] for line in file if line.strip()[:1].isdigit()], dtype=float)
        values = values[np.isfinite(values[:, 1])]
        if "pickles" in path.name or values[0, 0] > 6200:  # flux tables of 5 A; one spectrum begins too late
            continue
        flux = np.interp(lamost_wavelength(), air_to_vacuum(values[:, 0]), values[:, 1] / np.median(values[:, 1]))
        table = band_indices(spectra_of(flux), np.zeros(1))
        published = path.name[: path.name.index("M") + 1]
        found.append(
            (published.replace("M", "dM").replace("dd", "d"), derived(table, calibration)["metallicity_class"][0])
        )
    assert len(found) >= 55
    assert [name for name, _ in found] == [name for _, name in found]
