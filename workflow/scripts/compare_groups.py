"""Velocities beside Gaia's, agreement of the classes, wide binaries and clusters."""

from mstars.files.tables import read_table, write_table
from mstars.literature import groups
from mstars.literature.catalogues import all_statistics
from mstars.literature.criteria import gaia_velocities
from mstars.ops.job import job

with job(snakemake) as log:
    given, out = snakemake.input, snakemake.output
    catalog, stars = read_table(given.catalog), read_table(given.stars)
    parts = [groups.velocity_statistics(gaia_velocities(catalog, read_table(given.gaia), read_table(given.selection)))]
    if given.binaries:
        parts.append(groups.binary_statistics(stars, groups.read_binaries(given.binaries)))
    if given.clusters:
        parts.append(groups.cluster_statistics(stars, groups.read_clusters(given.clusters)))
    write_table(all_statistics(parts), out.statistics)
    classes = groups.class_agreement(catalog, read_table(given.m_catalog, ["spectrum_key", "lamost_class"]))
    write_table(classes, out.classes)
    log.info("%d of %d spectra have one class", classes.loc[classes["agree"], "spectra"].sum(), len(catalog))
