"""Chunks side by side: the same bits for any number of threads."""

import threading

import numpy as np
import pytest
from made_stars import KINDS, REST, TEMPLATES, observe, plain_match, star
from threadpoolctl import threadpool_info

from mstars.velocity.lines.measure import dsal, dsel, measure_lines
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.make_bank import make_bank
from mstars.velocity.match.paper_recipe import REACH, match_paper
from mstars.velocity.pool import over_chunks

NAMES = [f"m{k}" for k in range(36)]


def fresh(**more):
    """A bank of which nothing has been made yet."""
    flux = np.array([star(REST, kind, seed) for seed in (1, 2) for kind in np.linspace(0, 2, 18)])
    bank = make_bank(REST, flux, NAMES, luminosity=["dwarf"] * 36, rest_range=(7000.0, 8899.0), **more)
    bank.wide = make_bank(REST, flux, NAMES, luminosity=["dwarf"] * 36, rest_range=(6000.0, 8899.0))
    return bank


@pytest.mark.slow
@pytest.mark.parametrize("method", ["pruned", "exhaustive"])
def test_velocities_have_the_same_bits_on_any_number_of_threads(method):
    spectra = observe(90, 71, snr=15.0)[0]
    spectra.ormask[::9, 3000:3300] = 4
    recipe = {"weights": "ivar", "smooth_removed": 0.8, "clip_sigma": 4.0, "local_pixels": 61, "mixture": True}
    options = plain_match(method=method, **recipe, faint_error_kms=3.5)
    one, two, five = (match_templates(spectra, fresh(), options, threads, chunk=16) for threads in (1, 2, 5))
    assert one.tm_wide.any() and one.rv_tm.notna().all() and (one.spectrum_key == spectra.spectrum_key).all()
    assert one.equals(two) and one.equals(five)


@pytest.mark.parametrize("method", ["pruned", "exhaustive"])
def test_a_velocity_does_not_depend_on_the_spectra_beside_it(method):
    spectra = observe(120, 74, snr=8.0)[0]
    spectra.ormask[::7, 3000:3300] = 4
    bank, options = fresh(), plain_match(method=method, weights="ivar", mixture=True, faint_error_kms=3.5)
    every = match_templates(spectra, bank, options, chunk=32)
    rows = np.random.default_rng(4).permutation(120)[:77]
    some = match_templates(spectra.select(rows), bank, options, chunk=32)
    assert some.equals(every.iloc[rows].reset_index(drop=True))


def test_the_papers_recipe_and_the_lines_too():
    spectra = observe(70, 72)[0]
    wide = make_bank(REST, TEMPLATES, range(len(KINDS)), margin=REACH)
    options = plain_match()
    assert match_paper(spectra, wide, options, 1, chunk=16).equals(match_paper(spectra, wide, options, 3, chunk=16))
    for lines in (dsal, dsel):
        assert lines(spectra, threads=1).equals(lines(spectra, threads=3))
    apart = [measure_lines(spectra.select(slice(k, k + 1)), "absorption") for k in range(70)]
    np.testing.assert_array_equal(measure_lines(spectra, "absorption", threads=3), np.concatenate(apart))


def test_chunks_run_side_by_side_in_order_with_blas_on_one_core():
    both = threading.Barrier(2, timeout=20)  # broken unless two chunks are under way

    def work(chunk):
        both.wait()
        return chunk, [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    found = over_chunks(work, range(4), 2)
    assert [chunk for chunk, _ in found] == [0, 1, 2, 3]
    assert all(count == 1 for _, counts in found for count in counts)


def test_an_error_in_a_chunk_is_raised():
    with pytest.raises(ZeroDivisionError):
        over_chunks(lambda chunk: 1 / chunk, [1, 0], 2)
