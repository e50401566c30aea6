"""Print docs/columns.md: ``python -m mstars.catalog > docs/columns.md``."""

from mstars.catalog.columns import columns_markdown

print(columns_markdown(), end="")
