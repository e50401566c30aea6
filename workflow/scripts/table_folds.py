"""Table 8: residuals of each fold's model on its own validation set."""

from itertools import product

import pandas as pd

from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper.numbers import fold_table
from mstars.paper.paper_tables import cross_validation_table
from mstars.paper.rendering import write_table_files

with job(snakemake):
    folds = {"dM": {}, "gM": {}}
    places = product(folds, snakemake.params.folds)
    for (kind, fold), model, validation in zip(places, snakemake.input.models, snakemake.input.validation, strict=True):
        folds[kind][fold] = (read_table(validation), read_json(model))
    table = pd.concat([fold_table(kind, found) for kind, found in folds.items()], ignore_index=True)
    write_table(table, snakemake.output.table)
    write_table_files(cross_validation_table(table), snakemake.output[:4])
