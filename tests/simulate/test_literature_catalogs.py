import numpy as np
import pandas as pd
import pytest

from mstars.core.labels import LABELS
from mstars.literature.catalogues import join, read_catalogue, read_description, statistics
from mstars.simulate.literature_catalogs import PLANTED, SHARE, literature_catalogue, write_catalogue


@pytest.fixture
def truth():
    generator = np.random.default_rng(0)
    n = 4000
    table = pd.DataFrame({"spectrum_key": [f"k{i:05d}" for i in range(n)]})
    table["true_lum"] = np.where(np.arange(n) % 4 == 0, "giant", np.where(np.arange(n) % 4 == 1, "", "dwarf"))
    for label in LABELS:
        table[f"true_{label}"] = generator.normal(size=n)
    return table


@pytest.mark.parametrize("name", list(PLANTED))
def test_what_was_planted_is_recovered_with_our_own_scatter_in_quadrature(name, truth, tmp_path):
    table = literature_catalogue(truth, name, 1)
    write_catalogue(table, name, tmp_path / "c.csv", tmp_path / "c.yaml")
    kinds = truth["true_lum"].map({"dwarf": "dM", "giant": "gM", "": ""})
    ours = truth[["spectrum_key"]].assign(luminosity_class=kinds, snr_i=30.0)
    generator = np.random.default_rng(2)
    own = {"teff": 30.0, "logg": 0.1, "m_h": 0.1, "alpha_m": 0.03}
    for label in LABELS:
        ours[f"{label}_apogee"] = truth[f"true_{label}"]
        ours[f"{label}_this"] = truth[f"true_{label}"] + generator.normal(0, own[label], len(ours))
    catalogue = read_description(tmp_path / "c.yaml")
    found = statistics(join(ours, read_catalogue(catalogue), catalogue), name)
    found = found[found["snr"] == "all"].set_index(["kind", "pair", "label"])
    for kind in catalogue.kinds:
        for label, (mean, sigma) in PLANTED[name][kind].items():
            for pair, spread in (("catalog-apogee", sigma), ("catalog-this", np.hypot(sigma, own[label]))):
                row = found.loc[(kind, pair, label)]
                assert row["mean"] == pytest.approx(mean, abs=4 * spread / np.sqrt(row["n"]))
                assert row["std"] == pytest.approx(spread, rel=4 / np.sqrt(2 * row["n"]))


def test_a_catalogue_is_the_same_each_time_and_has_most_stars_of_its_class(truth):
    first, second = (literature_catalogue(truth, "li2021", 1) for _ in range(2))
    assert first.equals(second) and not first.equals(literature_catalogue(truth, "li2021", 2))
    assert len(first) == pytest.approx(SHARE * 2000, rel=0.05) and list(first) == ["spectrum_key", "teff", "m_h"]
