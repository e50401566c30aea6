"""The products for people: which columns they have, how their rows come together, and how they are written."""

from mstars.catalog.columns import ProductColumn, columns_markdown, product_columns, product_table
from mstars.catalog.products import classification_table, non_m_table, recommended_table
from mstars.catalog.stars import star_table
from mstars.catalog.writers import FORMATS, read_product, write_product

__all__ = [
    "FORMATS",
    "ProductColumn",
    "classification_table",
    "columns_markdown",
    "non_m_table",
    "product_columns",
    "product_table",
    "read_product",
    "recommended_table",
    "star_table",
    "write_product",
]
