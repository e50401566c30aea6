import numpy as np
import pandas as pd
import pytest

from mstars.core.errors import InputError
from mstars.engines.csn.observed_set import observed_set

SAMPLE = {"snrr": 5, "snri": 5, "ruwe_max": 1.4, "m_g": (4, 15), "bp_rp": (1, 5), "observed": 1000, "shares": (8, 2, 1)}


def tables(n=300):
    keys = [f"s{number:03d}" for number in range(n)]
    catalog = pd.DataFrame({"spectrum_key": keys, "luminosity_class": "dM", "rv": 1.0, "snrr": 20.0, "snri": 30.0})
    spectra = pd.DataFrame({"spectrum_key": keys, "batch": "b1", "row": np.arange(n)})
    stars = pd.DataFrame({"spectrum_key": keys, "star_id": [f"t{number // 3}" for number in range(n)]})
    stars = stars.assign(ruwe=1.0, bp_rp=2.0)
    return catalog, spectra, stars, pd.DataFrame({"spectrum_key": keys, "M_G_0": 9.0})


def made(given, **changes):
    return observed_set(*given, kind="dM", settings={**SAMPLE, **changes}, seed=1)


def test_the_parts_have_the_shares_and_share_no_star():
    table, summary = made(tables())
    assert {name: summary[name] for name in ("train", "valid", "test")} == {"train": 219, "valid": 54, "test": 27}
    assert (table.groupby("star_id")["split"].nunique() == 1).all() and summary["spectra"] == 300
    assert made(tables())[0].equals(table)


def test_what_the_cuts_take_out_is_counted_and_what_is_unknown_stays():
    catalog, spectra, stars, photometry = tables()
    catalog.loc[0, "luminosity_class"], catalog.loc[1, "snrr"], catalog.loc[2, "rv"] = "gM", 4.0, np.nan
    stars.loc[3, "ruwe"], stars.loc[4, "ruwe"], stars.loc[5, "bp_rp"] = 2.0, np.nan, 0.5
    photometry.loc[6, "M_G_0"] = 3.0
    table, summary = made((catalog, spectra.drop(index=7), stars, photometry.drop(index=8)))
    assert set(range(9)) - {int(key[1:]) for key in table["spectrum_key"]} == {0, 1, 2, 3, 5, 6, 7}
    assert sorted(summary["excluded"].values()) == [0, 1, 1, 1, 1, 1, 1]


def test_of_more_spectra_random_ones_are_taken():
    table, _ = made(tables(), observed=40)
    assert len(table) == 40 and table["row"].max() > 100


def test_too_few_spectra_are_refused_with_the_reasons():
    with pytest.raises(InputError, match="0 spectra, at least 10.*snrr below 99.*engines.csn.sample"):
        made(tables(), snrr=99)
