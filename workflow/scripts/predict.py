"""Classes and probabilities of classifiers, and the outlier score, for the candidates of one batch."""

from mstars.classify.outliers import load_outlier_model
from mstars.classify.prediction import classify_batch
from mstars.files.tables import read_table, write_table
from mstars.networks.folder import load_model
from mstars.networks.inference import place
from mstars.ops.job import job

with job(snakemake) as log:
    given, written = snakemake.input, snakemake.output
    models = [load_model(str(path).removesuffix("/model.json")) for path in given.models]
    place(models, snakemake.resources.get("gpu", 0))
    outliers = load_outlier_model(str(given.ood).removesuffix("/model.json")) if given.ood else None
    keys = read_table(given.catalog, ["spectrum_key"], batch=snakemake.wildcards.batch)["spectrum_key"]
    for name, table in classify_batch(models, given.store, keys.to_numpy(dtype=str), outliers).items():
        write_table(table, written.get(name, written[0]))
        if name == "ood":
            log.info("%d spectra, %d with an ood_score of 1 and more", len(table), (table["ood_score"] >= 1).sum())
        else:
            log.info("%d spectra by %s: %s", len(table), name, table.iloc[:, 1].value_counts().to_dict())
