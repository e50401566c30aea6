"""Out-of-distribution score of the candidates of one batch."""

from mstars.classify.outliers import load_outlier_model, score_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    folder = str(snakemake.input.model).removesuffix("/model.json")
    keys = read_table(snakemake.input.catalog, ["spectrum_key"], batch=snakemake.wildcards.batch)["spectrum_key"]
    table = score_batch(load_outlier_model(folder), snakemake.input.store, keys.to_numpy(dtype=str))
    write_table(table, snakemake.output[0])
    log.info("%d spectra, %d with an ood_score of 1 and more", len(table), (table["ood_score"] >= 1).sum())
