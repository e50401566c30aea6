"""The paper's figures and tables as a list (``resources/paper_products.csv``), read without heavy imports."""

from __future__ import annotations

from mstars.core.resources import resource, resource_rows


def read_figures_and_tables(trained: bool = True) -> list[dict[str, str]]:
    """Rows product, shows, target, rule, group, needs, inputs.

    Parameters
    ----------
    trained : bool
        Whether the survey's own models are trained; without, products that need that are left out.
    """
    rows = resource_rows(resource("paper_products.csv"))
    return [row for row in rows if trained or row["needs"] != "trained"]
