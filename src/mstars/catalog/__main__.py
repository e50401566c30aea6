"""Print docs/columns.md: ``python -m mstars.catalog > docs/columns.md``."""

from mstars.catalog.columns import columns_markdown

if __name__ == "__main__":
    print(columns_markdown(), end="")
