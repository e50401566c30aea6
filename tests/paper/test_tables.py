"""The paper's tables from this survey."""

import pandas as pd

from mstars.literature.groups import (
    class_agreement,
)
from mstars.paper.rendering import to_markdown
from mstars.paper.tables import classes_table


def test_class_agreement_counts_every_combination():
    catalog = pd.DataFrame({"spectrum_key": list("abcd"), "luminosity_class": ["dM", "dM", "gM", "dM"]})
    catalog["CMD_pos"] = ["dM", "", "gM", "dM"]
    for band in "ugriz":
        catalog[f"snr_{band}"], catalog[f"orp_{band}"] = [30.0, 30, 5, 30], 0.0
    found = class_agreement(catalog, catalog[["spectrum_key"]].assign(lamost_class=["dM", "dM", "gM", "dM"]))
    agree = found[found["agree"]]
    assert found["spectra"].sum() == 4 and agree["spectra"].sum() == 3 and agree["good_spectra"].sum() == 2
    assert "75.0 % of all, 66.7 % of the good" in to_markdown(classes_table(found, "demo"))
