# products: the list of the paper's figures and tables, and the literature catalogues they show

from mstars.paper.figures_and_tables import read_figures_and_tables

# with models from elsewhere, confusion matrices and held-out labels are of another survey
PRODUCTS = read_figures_and_tables(trained=BORROWED is None)


def product_files(group, suffixes):
    """Files of the paper's figures or tables of a group of ``resources/paper_products.csv``."""
    return [f"{R}/{row['target']}.{suffix}" for row in PRODUCTS if row["group"] == group for suffix in suffixes]


LITERATURE = dict(PLANTED_LITERATURE)
if config["compare"]["catalogs"]:
    from mstars.literature.catalogues import read_description
for path in config["compare"]["catalogs"]:
    described = read_description(path)
    LITERATURE[described.name] = (path, str(described.file))
