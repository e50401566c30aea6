"""Labels on one scale: planted offsets come back, and each star has the source it should."""

import numpy as np
import pandas as pd
import pytest

from mstars.engines.laspm.golden.labels import LABELS, gaussian_fit, transfer_labels

OFFSETS = {"first": (87.0, 0.01, -0.02), "second": (-140.0, 0.0, 0.05)}
SIGMA = np.array([40.0, 0.05, 0.06])


def catalogues(n=2000, seed=1):
    draws = np.random.default_rng(seed)
    truth = np.column_stack([draws.uniform(3200, 4000, n), draws.normal(4.8, 0.1, n), draws.normal(-0.1, 0.2, n)])

    def catalogue(offset, share, wild=0.03):
        values = truth + offset + draws.normal(0, 1, truth.shape) * SIGMA
        values[draws.random(n) < wild] += [900, 1, 1]
        values[draws.random(n) > share] = np.nan
        return pd.DataFrame(values, columns=LABELS)

    sources = {
        name: catalogue(offset, share) for (name, offset), share in zip(OFFSETS.items(), (0.3, 0.9), strict=True)
    }
    return truth, sources, catalogue(0.0, 0.8)


def transferred(sources, reference, **changes):
    n = len(next(iter(sources.values()))) if sources else 5
    options = {
        "selected": np.ones(n, bool),
        "precise": np.zeros(n, bool),
        "agree": (150, 0.25, 0.25),
        "least_common": 20,
    }
    return transfer_labels(sources, reference, **(options | changes))


def test_the_core_of_a_distribution_with_outliers():
    draws = np.random.default_rng(2)
    values = np.concatenate([draws.normal(5, 2, 3000), draws.uniform(50, 500, 200), [np.nan]])
    fit = gaussian_fit(values)
    assert abs(fit.mean - 5) < 3 * fit.error and fit.sigma == pytest.approx(2, rel=0.05) and fit.error < 0.05
    assert np.isnan(gaussian_fit(np.array([1.0])).mean)


def test_planted_offsets_come_back_within_three_sigma():
    _, sources, reference = catalogues()
    found = transferred(sources, reference).offsets.set_index(["source", "label"])
    for name, offset in OFFSETS.items():
        for label, planted in zip(LABELS, offset, strict=True):
            row = found.loc[(name, label)]
            assert abs(row["mean"] - planted) < 3 * row["error"] and row["used"]
            assert row["n"] > 300


def test_labels_are_the_first_source_s_on_the_reference_s_scale():
    truth, sources, reference = catalogues()
    table = transferred(sources, reference).table
    both = np.isfinite(sources["first"]["teff"]) & np.isfinite(reference["teff"])
    close = both & (np.abs(sources["first"]["teff"] - 87 - reference["teff"]) < 60)
    assert (table.loc[close, "source"] == "first").mean() > 0.95
    chosen = table["source"] != ""
    off = table.loc[chosen, list(LABELS)].to_numpy() - truth[chosen]
    assert (np.abs(np.median(off, axis=0)) < 0.1 * SIGMA).all() and (np.abs(off[:, 0]) < 200).mean() > 0.995
    assert (table.loc[chosen, "reason"] == "").all()
    assert set(table["reason"]) == {
        "", "no labels", "not in the reference catalogue", "labels disagree with the reference"
    }  # fmt: skip
    assert table.loc[chosen, "teff_label_err"].between(30, 55).all()


def test_stars_outside_the_primary_sample_need_precise_labels():
    _, sources, reference = catalogues()
    n = len(reference)
    none, precise = np.zeros(n, bool), np.arange(n) < 500
    found = transferred(sources, reference, selected=np.arange(n) >= 500, precise=precise).table
    first = np.isfinite(sources["first"]["teff"]).to_numpy()
    assert (found["source"][:500] == np.where(first[:500], "first", "")).all()
    assert not (transferred(sources, reference, selected=none).table["source"] != "").any()


def test_without_a_reference_labels_come_as_they_are_and_it_is_said():
    _, sources, _ = catalogues()
    found = transferred(sources, None)
    first = np.isfinite(sources["first"]["teff"])
    pd.testing.assert_series_equal(
        found.table.loc[first, "teff"], sources["first"].loc[first, "teff"], check_names=False
    )
    assert "no reference" in found.warnings[0] and found.differences.empty


def test_a_source_without_overlap_is_left_out_and_it_is_said():
    _, sources, reference = catalogues()
    sources["first"] = sources["first"].where(reference["teff"].isna())
    found = transferred(sources, reference)
    assert set(found.table["source"]) == {"second", ""} and "first has too few stars" in found.warnings[0]
    assert not found.offsets.set_index("source").loc["first", "used"].any()


def test_no_source_at_all():
    found = transferred({}, None)
    assert (found.table["reason"] == "no labels").all() and len(found.warnings) == 2
