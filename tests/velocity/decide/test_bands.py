"""Fig. 10: which velocities are reliable."""

import numpy as np
import pytest
from made_velocities import survey

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.core.errors import InputError
from mstars.velocity.decide.bands import PAPER_BANDS, clipped_band, select


def test_clipping_goes_on_until_nothing_is_removed():
    rng = np.random.default_rng(3)
    value = np.concatenate([rng.normal(3, 10, 5000), rng.uniform(-600, 600, 300), [np.nan]])
    mean, sigma, count = clipped_band(value, 3.0)
    rest = value[np.isfinite(value)]
    while True:
        kept = rest[np.abs(rest - rest.mean()) <= 3 * rest.std()]
        if len(kept) == len(rest):
            break
        rest = kept
    assert (mean, sigma, count) == (rest.mean(), rest.std(), len(rest))
    assert mean == pytest.approx(3, abs=0.6) and 9.5 < sigma < 12
    assert np.isnan(clipped_band(np.array([np.nan]), 2.0)[0])


def test_selection_is_fig_10():
    catalog, measured, _, off = survey()
    catalog.loc[:4, "lamost_rv"] = np.nan
    table, summary = select(catalog, measured)
    tm = summary["bands"]["tm"]
    inside = np.abs(table.rv_tm - table.lamost_rv - tm["mean"]) <= 3 * tm["sigma"]
    assert (table.in_tm_band == inside).all()
    # only spectra outside the TM band are compared with DSAL, DSAL I where it exists
    compared = table[table.dsal_used != ""]
    assert not compared.in_tm_band.any()
    assert (table.dsal_used[compared.index] == np.where(compared.rv_dsal1.notna(), "I", "II")).all()
    band = summary["bands"]["dsal1"]
    assert (band["mean"], band["sigma"]) == clipped_band((table.rv_dsal1 - table.lamost_rv).to_numpy(), 2.0)[:2]
    assert (table.candidate_reasons[:5] == "no_lamost_rv").all()
    good = ~off
    good[:5] = False
    assert table.candidate[off & table.lamost_rv.notna()].mean() > 0.9
    assert (table.candidate_reasons[good] == "tm_dsal").mean() < 0.02
    fast = table.reliable & (table.lamost_rv.abs() > 150)
    assert (table.candidate_reasons[fast] == "fast").all()
    assert summary["n_candidates"] == table.candidate.sum()


def test_few_spectra_take_the_papers_bands():
    catalog, measured, _, _ = survey(20)
    _, summary = select(catalog, measured)
    for name, (mean, sigma) in PAPER_BANDS.items():
        band = summary["bands"][name]
        assert (band["mean"], band["sigma"], band["own"]) == (mean, sigma, False)


def test_spectra_without_measurement_stop_the_selection():
    catalog, measured, _, _ = survey(20)
    with pytest.raises(InputError, match="1 spectra of m_catalog_v2 have no measured"):
        select(catalog, measured.iloc[1:])


def test_the_dsal_band_of_the_paper_is_of_spectra_outside_the_tm_band():
    catalog, measured, _, _ = survey()
    table, summary = select(catalog, measured, SelectionOptions(dsal_band="outside"))
    first = table.rv_dsal1[table.dsal_used == "I"] - table.lamost_rv[table.dsal_used == "I"]
    band = summary["bands"]["dsal1"]
    assert (band["mean"], band["sigma"]) == clipped_band(first.to_numpy(), 2.0)[:2]
    with pytest.raises(InputError, match="dsal_band"):
        SelectionOptions(dsal_band="some")


def test_suspect_and_fast_make_the_candidates_and_both_bands_are_told():
    catalog, measured, _, _ = survey()
    catalog.loc[:4, "lamost_rv"] = np.nan
    for choice in ("all", "outside"):
        table, summary = select(catalog, measured, SelectionOptions(dsal_band=choice))
        assert summary["n_suspect"] + summary["n_fast"] == summary["n_candidates"] == table["candidate"].sum()
        corners = summary["n_outside_dsal1"] + summary["n_outside_dsal2"]
        assert summary["n_suspect"] == corners + summary["n_without_dsal"] + summary["n_no_lamost_rv"]
        in_force = summary["dsal_bands"][choice]
        assert {name: summary["bands"][name]["of"] for name in in_force} == {"dsal1": choice, "dsal2": choice}
        assert [in_force[name]["n_outside"] for name in ("dsal1", "dsal2")] == [
            summary["n_outside_dsal1"],
            summary["n_outside_dsal2"],
        ]
