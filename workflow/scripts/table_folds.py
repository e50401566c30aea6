"""Table 8: residuals of each fold's model on its own validation set."""

from itertools import product

import pandas as pd

from mstars.compare.numbers import fold_table
from mstars.compare.rendering import write_table_files
from mstars.compare.tables import cross_validation_table
from mstars.store import read_json, read_table, write_table
from mstars.workflow import job

with job(snakemake):
    folds = {"dM": {}, "gM": {}}
    places = product(folds, snakemake.params.folds)
    for (kind, fold), model, validation in zip(places, snakemake.input.models, snakemake.input.validation, strict=True):
        folds[kind][fold] = (read_table(validation), read_json(model))
    table = pd.concat([fold_table(kind, found) for kind, found in folds.items()], ignore_index=True)
    write_table(table, snakemake.output.table)
    write_table_files(cross_validation_table(table), snakemake.output[:4])
