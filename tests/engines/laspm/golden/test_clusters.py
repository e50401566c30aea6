"""Clusters of spectra against scikit-learn on plain distances, and what becomes of each spectrum."""

import numpy as np
import pytest
from made_golden import make_candidates, patterns
from sklearn.cluster import DBSCAN

from mstars.engines.laspm.golden import clusters
from mstars.engines.laspm.golden.clusters import (
    CROWDED,
    FAILED,
    FAINT,
    KEPT,
    OUTSIDE,
    SINGLE,
    alike,
    bin_numbers,
    clean_by_clusters,
    judge_by_neighbours,
    min_points,
    queue_of,
)  # fmt: skip
from mstars.engines.laspm.golden.distances import LEAST_USUAL, flat_distances, usual_variance
from mstars.engines.laspm.golden.settings import Golden
from mstars.engines.laspm.golden.spectra import GRID

SETTINGS = Golden().model_dump()["clusters"]
WIDE = SETTINGS | {"bins": (150, 0.1, 0.15)}


@pytest.fixture(scope="module")
def candidates():
    return make_candidates()


def cleaned(candidates, **changes):
    table, spectra, _ = candidates
    labels = table[["teff", "logg", "m_h"]].to_numpy()
    return clean_by_clusters(spectra, labels, table["snri"].to_numpy(), WIDE | changes)


def test_bins_are_those_of_the_labels():
    labels = np.array([[3550, 4.7, -0.4], [3599, 4.79, -0.31], [3600, 4.7, -0.4], [3550, 4.8, -0.4]])
    assert bin_numbers(labels, (50, 0.1, 0.1)).tolist() == [0, 0, 2, 1]
    assert [min_points(count) for count in (2, 9, 10, 30, 80, 150)] == [2, 2, 3, 4, 5, 5]


def test_distances_are_euclidean():
    flux = np.random.default_rng(1).normal(1, 0.1, (7, 300)).astype(np.float32)
    plain = np.sqrt(((flux[:, None].astype(float) - flux) ** 2).sum(axis=2))
    np.testing.assert_allclose(flat_distances(flux), plain, atol=2e-3)


def test_usual_variance_is_what_quiet_spectra_differ_by():
    draws = np.random.default_rng(2)
    noise = draws.uniform(1e-5, 1e-2, 3000)
    assert usual_variance(4e-4 + noise * draws.normal(1, 0.05, 3000), noise) == pytest.approx(4e-4, rel=0.05)
    assert usual_variance(np.zeros(5), np.ones(5)) == LEAST_USUAL


def test_a_given_radius_is_dbscan_of_plain_distances(candidates):
    table, spectra, _ = candidates
    found = cleaned(candidates, eps=3.0, min_points=3, keep=1000, recalibrate="none")
    for number in np.unique(found.bin):
        rows = np.flatnonzero(found.bin == number)
        if len(rows) < 2:
            assert found.status[rows].tolist() == [SINGLE]
            continue
        plain = DBSCAN(eps=3.0, min_samples=3).fit_predict(spectra.flux[rows].astype(float))
        kept = plain == np.bincount(plain[plain >= 0]).argmax() if (plain >= 0).any() else np.zeros(len(rows), bool)
        expected = np.where(kept, KEPT, OUTSIDE if kept.any() else FAILED)
        ties = np.bincount(plain[plain >= 0]) if (plain >= 0).any() else np.array([1])
        if (ties == ties.max()).sum() == 1:
            np.testing.assert_array_equal(found.status[rows], expected)


def test_the_paper_s_radius_of_one_holds_hardly_any_spectrum(candidates):
    assert (cleaned(candidates, eps="paper").status == KEPT).mean() < 0.1


def test_at_most_so_many_of_a_bin(candidates):
    table, _, _ = candidates
    found = cleaned(candidates, keep=3, most=8)
    for number in np.unique(found.bin):
        rows = np.flatnonzero(found.bin == number)
        assert (found.status[rows] == KEPT).sum() <= 3
        faint = found.status[rows] == FAINT
        assert faint.sum() == max(len(rows) - 8, 0)
        if faint.any():
            snr = table["snri"].to_numpy()[rows]
            assert snr[faint].max() <= snr[~faint].min()
    nearest = found.status == KEPT
    assert (found.status == CROWDED).any() and np.isfinite(found.distance[nearest]).all()


def test_lamps_and_cosmic_rays_leave_and_good_spectra_stay(candidates):
    table, spectra, what = candidates
    found = cleaned(candidates)
    labels = table[["teff", "logg", "m_h"]].to_numpy()
    far = judge_by_neighbours(spectra, labels, found.status == KEPT, WIDE)
    queue = queue_of(table, found.status, far)
    rejected = set(queue.loc[queue["consensus_label"] == "reject", "spectrum_key"])
    gone = np.isin(found.status, [OUTSIDE]) | table["spectrum_key"].isin(rejected).to_numpy()
    assert gone[np.isin(what, ["lamp", "cosmic"])].mean() >= 0.9 and gone[what == ""].mean() < 0.1
    assert set(queue["candidate_reasons"]) <= {SINGLE, FAILED} and set(queue["consensus_label"]) <= {"keep", "reject"}


def test_bins_of_one_and_bins_of_bad_spectra_go_to_the_queue():
    table, spectra, _ = make_candidates(40, bad=0)
    labels = table[["teff", "logg", "m_h"]].to_numpy(copy=True)
    spectra.flux[:3] = np.random.default_rng(1).normal(1, 1, spectra.flux[:3].shape)
    labels[:3] = [4400.0, 4.0, 0.9]
    found = clean_by_clusters(spectra, labels, table["snri"].to_numpy(), SETTINGS)
    assert (found.status[:3] == FAILED).all()
    assert found.status[3:].tolist().count(SINGLE) > 20
    far = judge_by_neighbours(spectra, labels, found.status == KEPT, SETTINGS)
    queue = queue_of(table, found.status, far).set_index("spectrum_key")
    assert (queue.loc[table["spectrum_key"][:3], "consensus_label"] == "reject").all()


def test_one_or_no_candidate():
    table, spectra, _ = make_candidates(1, bad=0)
    labels = table[["teff", "logg", "m_h"]].to_numpy()
    found = clean_by_clusters(spectra, labels, table["snri"].to_numpy(), SETTINGS)
    assert found.status.tolist() == [SINGLE]
    assert judge_by_neighbours(spectra, labels, found.status == KEPT, SETTINGS).tolist() == [0]
    none = clean_by_clusters(spectra.take([]), labels[:0], np.empty(0), SETTINGS)
    assert len(none.status) == 0


def test_spectra_that_differ_no_more_than_others_of_their_labels_stay(monkeypatch):
    """At the cool end of a library stars of equal labels differ more than elsewhere."""
    table, spectra, _ = make_candidates(600, bad=0)
    labels, draws = table[["teff", "logg", "m_h"]].to_numpy(), np.random.default_rng(6)
    cool = labels[:, 0] < np.quantile(labels[:, 0], 0.15)
    spectra.flux[cool] += (draws.normal(0, 0.6, (cool.sum(), 1)) * patterns(7)[0]).astype(np.float32)
    lamps = np.flatnonzero(cool)[:3]
    spectra.flux[lamps] = 1 + 0.8 * np.sin(np.arange(len(GRID)) / 3).astype(np.float32)
    good = cool & ~np.isin(np.arange(600), lamps)
    far = judge_by_neighbours(spectra, labels, ~cool, SETTINGS)
    assert (far[good] <= 1).mean() > 0.85 and (far[lamps] > 1).all()
    monkeypatch.setattr(clusters, "local_limits", lambda scaled, near, sigma: np.zeros(len(scaled)))
    assert (judge_by_neighbours(spectra, labels, ~cool, SETTINGS)[good] <= 1).mean() < 0.7


def test_those_most_alike_are_near_in_labels_and_noise():
    draws = np.random.default_rng(2)
    labels = draws.uniform(0, 1, (300, 3)) * [800, 0.4, 0.6]
    variance = 10.0 ** draws.uniform(-4, -2, 300)
    near = alike(labels, variance, (50, 0.1, 0.1))
    assert near.shape == (300, 25) and (near != np.arange(300)[:, None]).all()
    assert np.abs(labels[near] - labels[:, None]).mean() < np.abs(labels[:, None] - labels[None]).mean()
    ratio = np.abs(np.log(variance[near] / variance[:, None]))
    assert np.median(ratio) < 0.7 * np.median(np.abs(np.log(variance[:, None] / variance[None])))
    assert alike(labels[:1], variance[:1], (50, 0.1, 0.1)).shape[0] == 1
