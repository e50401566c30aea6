"""What a network sees in the spectra of a queue, for the desk's active learning."""

from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table
from mstars.networks.folder import load_model
from mstars.ops.job import job
from mstars.review.network_features import queue_features, write_network_features

with job(snakemake) as log:
    given = snakemake.input
    table = read_table(given.evidence, ["spectrum_key", "batch", "row"])
    model = load_model(str(given.model).removesuffix("/model.json"))
    values = queue_features(table, model, stores_by_batch(given.stores).__getitem__)
    write_network_features(table["spectrum_key"], values, snakemake.output[0])
    log.info("%d spectra, %d features", *values.shape)
