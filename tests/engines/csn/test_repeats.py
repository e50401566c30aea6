import numpy as np
import pytest

from mstars.engines.csn.repeats import repeat_fit, total_error


def made(n_star=2000, each=4, a=400.0, b=20.0, seed=1):
    draws = np.random.default_rng(seed)
    star = np.repeat([f"s{number}" for number in range(n_star)], each)
    snr = draws.uniform(5, 150, len(star))
    truth = np.repeat(draws.normal(3500, 300, n_star), each)
    return truth + draws.normal(0, a / snr + b), star, snr


def test_both_forms_find_a_and_b():
    values, star, snr = made()
    ours = repeat_fit(values, star, snr)
    assert ours["a"] == pytest.approx(400, rel=0.08) and ours["b"] == pytest.approx(20, rel=0.15)
    paper = repeat_fit(values, star, snr, "paper")
    # a star's mean is as good as its worst spectrum: the paper's form is wider at high S/N
    assert 200 < paper["a"] < 600 and 15 < paper["b"] < 60
    assert paper["bins"]["snr"][0] == 5 and all(np.diff(paper["bins"]["snr"]) == 10)


def test_too_few_repeats_give_no_fit_and_the_fits_error_alone():
    values, star, snr = made(n_star=3, each=2)
    for form in ("pairs", "paper"):
        found = repeat_fit(values, star, snr, form)
        assert np.isnan(found["a"]) and total_error(np.array([5.0]), np.array([50.0]), found)[0] == 5


def test_the_total_error_is_equation_8():
    found = total_error(np.array([10.0, 10.0]), np.array([50.0, np.inf]), {"a": 400.0, "b": 20.0})
    assert found == pytest.approx([np.hypot(10, 28), np.hypot(10, 20)])
