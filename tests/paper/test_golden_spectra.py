"""Which spectra are shown beside each other."""

import numpy as np
import pandas as pd

from mstars.paper.golden_spectra import dwarfs_and_giants, m_h_sequence, teff_sequence


def sample(n=300):
    draws = np.random.default_rng(1)
    kind = np.where(np.arange(n) % 3 == 0, "gM", "dM")
    logg = np.where(kind == "gM", 0.8, 4.8) + draws.normal(0, 0.05, n)
    teff, m_h = draws.uniform(3200, 4000, n), draws.uniform(-0.6, 0.4, n)
    return pd.DataFrame({"luminosity_class": kind, "teff": teff, "logg": logg, "m_h": m_h})


def test_sequences_differ_in_one_label_alone():
    table = sample()
    rows = [row for group in teff_sequence(table) for _, row in group]
    assert len(set(rows)) == len(rows) >= 10 and table.loc[rows].groupby("luminosity_class")["m_h"].std().max() < 0.15
    for (_, dwarf), (_, giant) in dwarfs_and_giants(table):
        assert table.loc[[dwarf, giant], "luminosity_class"].tolist() == ["dM", "gM"]
        assert abs(table.loc[dwarf, "teff"] - table.loc[giant, "teff"]) <= 40
        assert abs(table.loc[dwarf, "m_h"] - table.loc[giant, "m_h"]) <= 0.1
    for (_, poor), (_, rich) in m_h_sequence(table):
        assert table.loc[rich, "m_h"] - table.loc[poor, "m_h"] > 0.2
        assert abs(table.loc[poor, "teff"] - table.loc[rich, "teff"]) <= 80


def test_a_sample_of_one_class():
    dwarfs = sample().query("luminosity_class == 'dM'")
    assert dwarfs_and_giants(dwarfs) == [] and dwarfs_and_giants(sample().query("luminosity_class == 'gM'")) == []
