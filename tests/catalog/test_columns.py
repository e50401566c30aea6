"""The one description of the columns."""

import pytest
from astropy.io.votable.ucd import parse_ucd
from places import ROOT

from mstars.catalog.columns import all_columns, columns_markdown, product_columns

TABLE_9 = """obsid ra dec snr_u snr_g snr_r snr_i snr_z orp_u orp_g orp_r orp_i orp_z subclass luminosity_class rv
rv_err rv_from teff teff_err logg logg_err m_h m_h_err alpha_m alpha_m_err rv_flag parameter_flag source_id r_med_geo
ebv bp_rp_0 M_G_0 CMD_flag CMD_pos W1_W2_0 e_W1 e_W2""".split()


def test_the_column_file_has_all_of_table_9_in_its_order():
    columns = product_columns("recommended")
    assert [column.name for column in columns if column.table9] == TABLE_9


@pytest.mark.parametrize("column", all_columns(), ids=lambda column: f"{column.products[-1]}-{column.name}")
def test_every_column_is_described(column):
    assert column.description
    assert column.dtype in ("str", "int16", "int32", "int64", "float32", "float64")
    assert (column.null != "") == (column.dtype != "str")
    parse_ucd(column.ucd, check_controlled_vocabulary=True)


def test_the_documentation_is_made_from_the_column_file():
    assert (ROOT / "docs" / "columns.md").read_text() == columns_markdown()
