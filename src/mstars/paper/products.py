"""The paper's figures and tables as a list (``resources/paper_products.csv``), read without heavy imports."""

from __future__ import annotations

import csv

from mstars.core.resources import resource


def read_products(trained: bool = True) -> list[dict[str, str]]:
    """Rows product, shows, target, rule, group, needs, inputs.

    Parameters
    ----------
    trained : bool
        Whether the survey's own models are trained; without, products that need that are left out.
    """
    with open(resource("paper_products.csv"), newline="") as handle:
        rows = list(csv.DictReader(line for line in handle if not line.startswith("#")))
    return [row for row in rows if trained or row["needs"] != "trained"]
