"""Tables of Li et al. 2021."""

import pytest
from made_slam import made_groups, made_sample

from mstars.paper.li2021 import cluster_members
from mstars.paper.li2021_tables import catalogue_table, clusters_table, columns_table, names_table, numbers_table
from mstars.paper.rendering import to_latex, to_markdown


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return made_sample(tmp_path_factory.mktemp("slam"))


def test_tables_hold_what_they_say(sample):
    _, clusters, metallicities = made_groups()
    assert "TEFF_BT" in to_markdown(names_table()) and "m_h_cv_err" in to_markdown(columns_table())
    table = catalogue_table(sample)
    assert len(table.rows) == 21 and table.columns == tuple(row[0] for row in columns_table().rows)
    found = clusters_table(cluster_members(sample, clusters, metallicities))
    assert found.rows[0][0] == "near" and found.rows[0][3] == "0.15"
    assert "No cluster" in to_markdown(clusters_table(cluster_members(sample, clusters.head(0), metallicities)))
    numbers = numbers_table({"cv_scatter_teff": 51.2}, "demo", simulated=True)
    row = next(row for row in numbers.rows if row[2].startswith("scatter of Teff at"))
    assert row[4] == 50 and row[5].startswith("51.2") and "SIMULATED" in to_markdown(numbers)
    assert "begin{" in to_latex(numbers, "numbers")
