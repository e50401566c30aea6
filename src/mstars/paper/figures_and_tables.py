"""The list of the paper's figures and tables (``resources/paper_products.csv``), read without heavy imports."""

from __future__ import annotations

from mstars.core.resources import resource, resource_rows


def read_figures_and_tables(trained: bool = True) -> list[dict[str, str]]:
    """The figures and tables that a survey can have.

    Parameters
    ----------
    trained : bool
        Whether the survey's own models are trained. Without, those that need the trainings are left out.

    Returns
    -------
    list of dict of str to str
        product, shows, target, rule, group, needs, inputs.
    """
    rows = resource_rows(resource("paper_products.csv"))
    return [row for row in rows if trained or row["needs"] != "trained"]
