"""The mixture of templates that fits best."""

import numpy as np
from made_stars import REST, observe, plain_match, star
from scipy.interpolate import CubicSpline
from scipy.optimize import lsq_linear, minimize_scalar

from mstars.core.constants import C_KMS
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.mixture import TURNS, reweight
from mstars.velocity.match.prepare import prepare

FULL = plain_match(weights="ivar", clip_sigma=4.0, local_pixels=61, mixture=True)


def plain_reweight(flux, weight, model, clip, half):
    scaled = (flux - model) * np.sqrt(weight)
    limit = clip * max(1.4826 * np.median(np.abs(scaled[weight > 0])), 1.0)
    out = np.where(np.abs(scaled) > limit, 0.0, weight)
    result = out.copy()
    for k in np.flatnonzero(out > 0):
        near = slice(max(0, k - half), k + half + 1)
        result[k] = out[k] / max((scaled[near][out[near] > 0] ** 2).mean(), 1.0)
    return result


def test_reweighting_is_numpys():
    rng = np.random.default_rng(5)
    weight = np.where(rng.random(300) < 0.1, 0.0, 100.0)
    flux = 1 + rng.normal(size=300) * np.where(np.arange(300) > 200, 0.4, 0.1)
    flux[50] += 5
    out = np.empty(300)
    reweight(flux, weight, np.ones(300), 4.0, 30, out)
    np.testing.assert_allclose(out, plain_reweight(flux, weight, np.ones(300), 4.0, 30), rtol=1e-10)
    assert out[50] == 0 and out[250] < 30 < out[120]


def test_the_answer_is_that_of_a_plain_computation(bank):
    spectra, _, _ = observe(4, seed=13, snr=25.0)
    table = match_templates(spectra, bank, FULL)
    first = match_templates(spectra, bank, plain_match(weights="ivar"))
    pixels = bank.pixels(spectra.wavelength)
    flux, bad, scale = prepare(spectra, pixels)
    powers = np.vander(np.linspace(-1, 1, flux.shape[1]), 5)
    for row in range(len(spectra)):
        y = flux[row].astype(float)
        ivar = np.where(bad[row], 0, spectra.ivar[row, pixels].astype(float) * scale[row] ** 2)
        start = np.where(bad[row], 0, ivar / (1 + ivar * FULL.noise_floor**2))

        def value(number, velocity):
            return bank.evaluate(number, velocity, spectra.wavelength, pixels)

        def model_of(shares, velocity, value=value):
            return sum(share * value(k, velocity) for k, share in enumerate(shares) if share > 0)

        def polynomial(weight, model, y=y):
            root = np.sqrt(weight)
            return powers @ np.linalg.lstsq(powers * (model * root)[:, None], y * root, rcond=None)[0]

        def chi2(velocity, shares, weight, y=y, model_of=model_of, polynomial=polynomial):
            model = model_of(shares, velocity)
            return (weight * (y - model * polynomial(weight, model)) ** 2).sum()

        shares = (bank.name == first.tm_template[row]).astype(float)
        velocity, weight = first.rv_tm[row], start
        for turn in range(TURNS + 1):
            model = model_of(shares, velocity)
            p = polynomial(weight, model)
            if turn in (0, TURNS):
                weight = plain_reweight(y, start, model * p, 4.0, 30)
            if turn < TURNS:
                root = np.sqrt(weight)
                change = model_of(shares, velocity + 10) - model_of(shares, velocity - 10)
                free = np.column_stack([change * p, powers[:, :4] * model[:, None]])  # no constant
                stars = np.array([value(k, velocity) * p for k in range(len(bank))]).T
                # the five candidates only, as the function has them
                shares = np.zeros(len(bank))
                near = np.argsort([chi2(velocity, np.eye(len(bank))[k], ~bad[row]) for k in range(len(bank))])[:5]
                design = np.hstack([free, stars[:, near]]) * root[:, None]
                low = np.r_[np.full(5, -np.inf), np.zeros(5)]
                shares[near] = lsq_linear(design, y * root, (low, np.inf), tol=1e-14).x[5:]
            found = minimize_scalar(
                chi2, bounds=(velocity - 15, velocity + 15), args=(shares, weight), method="bounded"
            )
            velocity = found.x
        assert abs(table.rv_tm[row] - velocity) < 0.02


def test_cosmic_rays_do_not_move_the_velocity(bank):
    spectra, rv, _ = observe(40, seed=14, snr=30.0, masks=False)
    rng = np.random.default_rng(1)
    for row in range(40):
        spectra.flux[row, rng.integers(1200, 3700, 6)] += rng.uniform(0.5, 4.0, 6) * spectra.flux[row].mean()
    plain = match_templates(spectra, bank, plain_match(weights="ivar"))
    clipped = match_templates(spectra, bank, plain_match(weights="ivar", clip_sigma=4.0))
    miss = [np.sqrt(np.mean((table.rv_tm - rv) ** 2)) for table in (plain, clipped)]
    assert miss[1] < 0.6 * miss[0]


def test_a_star_between_two_templates(bank):
    """Stars between the templates of a sparse bank: the mixture is nearer to their velocity than any template."""
    # lines that are blends change their centres from one to the other
    two = np.array([star(REST * (1 + 15 / C_KMS), 0.2), star(REST * (1 - 15 / C_KMS), 1.4)])
    sparse = make_bank(REST, two, ["early", "late"], spectral_class=["M", "M"])
    spectra, rv, _ = observe(60, seed=15, snr=300.0, masks=False)
    rng, loglam = np.random.default_rng(3), np.log10(spectra.wavelength)
    splines = [CubicSpline(np.log10(REST), flux / flux.mean()) for flux in two]
    for row, share in enumerate(rng.uniform(0.3, 0.7, 60)):
        rest = loglam - np.log10(1 + rv[row] / C_KMS)
        model = share * splines[0](rest) + (1 - share) * splines[1](rest)
        spectra.flux[row] = 1e3 * model * (1 + rng.normal(size=len(loglam)) / 300)
    miss = {}
    for mixture in (False, True):
        table = match_templates(spectra, sparse, plain_match(weights="ivar", noise_floor=0.005, mixture=mixture))
        miss[mixture] = np.sqrt(np.mean((table.rv_tm - rv) ** 2))
    assert miss[True] < 0.5 * miss[False]
    assert miss[True] < 1.0


def test_all_masked_or_without_weight_stays_unmeasured(bank):
    spectra, _, _ = observe(4, seed=16)
    spectra.ormask[0] = 1
    spectra.ivar[1] = 0
    spectra.flux[2] = np.nan
    spectra.ormask[3, ::2] = 1  # every second pixel is enough
    table = match_templates(spectra, bank, FULL)
    assert table.rv_tm[:3].isna().all() and (table.tm_flag[:3] & 16 != 0).all()
    assert np.isfinite(table.rv_tm[3]) and np.isfinite(table.rv_tm_err[3])


def test_bad_spectra_are_flagged_by_the_whole_recipe(bank):
    spectra, _, _ = observe(7, seed=17, masks=False)
    rng = np.random.default_rng(0)
    spectra.ivar[0] = 0
    spectra.ivar[0, 2000] = 1.0  # a single pixel
    spectra.flux[1] = 7.0  # constant
    spectra.flux[2] = 0.0
    spectra.flux[3] = rng.normal(size=spectra.flux.shape[1])  # noise alone
    spectra.flux[4] = 10 + rng.normal(size=spectra.flux.shape[1])  # no features
    spectra.flux[5] = 10 + 500 * np.exp(-0.5 * ((spectra.wavelength - 6600) / 2) ** 2)  # one emission line
    spectra.flux[6, ::40] = 1e6  # spoilt all over
    options = plain_match(weights="ivar", smooth_removed=0.8, clip_sigma=4.0, local_pixels=61, mixture=True)
    table = match_templates(spectra, bank, options)
    assert (table.tm_flag != 0).all()
    assert table.rv_tm[:3].isna().all() and (table.tm_flag[:3] & 16 != 0).all()
    assert table.rv_tm_err[table.rv_tm.notna()].notna().all()
