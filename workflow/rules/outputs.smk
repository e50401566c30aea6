# figures and tables: which there are, and the files that a figure or a table consists of

from mstars.engines.registry import enabled_engines, engine_settings
from mstars.paper.figures_and_tables import read_figures_and_tables

# with models from elsewhere, confusion matrices and held-out labels are of another survey
FIGURES_AND_TABLES = read_figures_and_tables(trained=BORROWED is None, engines=enabled_engines(config))
FIGURE_FORMATS = ["pdf", "png", "csv"]  # the last: what the figure shows
TABLE_FORMATS = ["csv", "tex", "md", "html"]


def paper_files(group, formats):
    """Files of the papers' figures or tables of a group, of ``resources/papers/*_products.csv``."""
    return [f"{R}/{row['target']}.{ending}" for row in FIGURES_AND_TABLES if row["group"] == group for ending in formats]


FIGURE_FILES = paper_files("figures", FIGURE_FORMATS)
PAPER_TABLES = paper_files("tables", TABLE_FORMATS)


def figure(name, category="Figures", caption=None):
    """Files of a figure; the report shows the picture under its caption, by default that of the figure's name."""
    path, caption = f"<results>/figures/{name}", f"../report/{caption or name}.rst"
    shown = report(f"{path}.png", caption=caption, category=category, labels={"figure": name})
    return [f"{path}.pdf", shown, f"{path}.csv"]


def table_files(name, caption):
    """Files of a table in `TABLE_FORMATS`; the report shows the last under its caption."""
    path, caption = f"<results>/tables/{name}", f"../report/{caption}.rst"
    shown = report(f"{path}.html", caption=caption, category="Tables", labels={"table": name})
    return [*(f"{path}.{ending}" for ending in TABLE_FORMATS[:-1]), shown]
