"""The golden sample: cleaning by second stars and by a network, and the sample as a FITS file."""

from mstars.core.randomness import rng
from mstars.engines.laspm.golden.product import COMMENTS, sample_table, write_golden_sample
from mstars.engines.laspm.golden.sample import finish_classes
from mstars.engines.laspm.golden.theory import shapes_by_kind
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job

with job(snakemake) as log:
    given, made, params = snakemake.input, snakemake.output, snakemake.params
    labels, offsets = read_table(given.labels), read_table(given.offsets)
    found = finish_classes(
        labels,
        read_table(given.clusters),
        read_table(given.decisions),
        stores_by_batch(given.stores),
        params.settings,
        lambda kind: rng(params.seed, "golden_sample", kind),
        params.least,
        shapes_by_kind(given.theory, params.settings),
    )
    scale = params.settings["labels"]["reference"] if offsets["used"].any() else "of each source"
    table = sample_table(found.members, offsets)
    write_golden_sample(table, found.spectra, made.sample, scale=scale, comments=COMMENTS)
    write_table(found.fates, made.fates)
    write_table(found.history, made.history)
    write_table(found.rounds, made.rounds)
    log.info("%d members; %s", len(table), found.fates.groupby("luminosity_class")["stage"].value_counts().to_dict())
