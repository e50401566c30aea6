# rules of the stage catalog
CATALOG_FILES = []
