"""The papers' figures and tables as a list (``resources/papers/*_products.csv``), read without heavy imports."""

from __future__ import annotations

from collections.abc import Collection

from mstars.core.resources import paper_lists, resource_rows


def read_figures_and_tables(trained: bool = True, engines: Collection[str] | None = None) -> list[dict[str, str]]:
    """Rows product, shows, target, rule, group, needs, engine, inputs, and paper (``li2025``).

    Parameters
    ----------
    trained : bool
        Whether the survey's own models are trained; without, products that need that are left out.
    engines : collection of str, optional
        Parameter engines that are enabled; products of others are left out. None: all stay.
    """
    lists = paper_lists("products")
    rows = [row | {"paper": paper} for paper, path in lists.items() for row in resource_rows(path)]
    if engines is not None:
        rows = [row for row in rows if row["engine"] in ("", *engines)]
    return [row for row in rows if trained or row["needs"] != "trained"]
