"""Classes and probabilities of one classifier for the candidates of one batch."""

from mstars.classify import predict_batch
from mstars.networks import load_model
from mstars.store import read_table, write_table
from mstars.workflow import job

with job(snakemake) as log:
    folder = str(snakemake.input.model).removesuffix("/model.json")
    catalog = read_table(snakemake.input.catalog, ["spectrum_key", "batch"])
    keys = catalog.loc[catalog["batch"] == snakemake.wildcards.batch, "spectrum_key"]
    table = predict_batch(load_model(folder), snakemake.input.store, keys.to_numpy(dtype=str))
    write_table(table, snakemake.output[0])
    log.info("%d spectra: %s", len(table), table.iloc[:, 1].value_counts().to_dict())
