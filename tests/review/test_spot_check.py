"""The random check."""

import numpy as np
import pandas as pd

from mstars.review.spot_check import spot_check


def test_the_random_check_is_of_what_no_one_looks_at():
    keys = [f"k{number:02d}" for number in range(50)]
    catalog = pd.DataFrame({"spectrum_key": keys, "lamost_class": "dM"})
    catalog = catalog.assign(**{f"snr{band}": 9.0 for band in "ugriz"})
    queued = pd.DataFrame({"spectrum_key": keys[:20]})
    dmgm = pd.DataFrame({"spectrum_key": keys, "dmgm_class": "dM", "dmgm_prob": 0.9})
    place = pd.DataFrame({"spectrum_key": keys, "CMD_flag": 0, "CMD_pos": "", "bp_rp_0": np.nan, "M_G_0": np.nan})
    drawn = [spot_check(catalog, queued, dmgm, place, size, 3) for size in (10, 10, 99)]
    assert list(drawn[0]["spectrum_key"]) == list(drawn[1]["spectrum_key"]) and len(drawn[0]) == 10
    assert set(drawn[2]["spectrum_key"]) == set(keys[20:]) and drawn[2]["consensus_label"].eq("dM").all()
    assert set(drawn[0]["spectrum_key"]) < set(drawn[2]["spectrum_key"])
