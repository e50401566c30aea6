"""Clusters of the fullest bin at several radii (Du et al. 2024, Figure 6)."""

from mstars.engines.laspm.golden.clusters import fullest_bin, in_cluster
from mstars.engines.laspm.golden.sample import ready_spectra
from mstars.engines.laspm.golden.spectra import GRID
from mstars.engines.laspm.golden.theory import shapes_by_kind
from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures.golden_sample import draw_clusters
from mstars.paper.figures.style import figure_style, save_outputs

with job(snakemake), figure_style(snakemake):
    given, settings = snakemake.input, snakemake.params.settings
    shapes = shapes_by_kind(given.theory, settings)
    own, where = fullest_bin(read_table(given.labels), read_table(given.clusters))
    kind = own["luminosity_class"].iloc[0] if len(own) else None
    spectra = ready_spectra(own, stores_by_batch(given.stores), settings, shapes.get(kind))
    radii = ("auto", 1.0, 2.0) if len(own) > 1 else ()
    shown = {f"eps {eps}": in_cluster(spectra, own, settings["clusters"], eps) for eps in radii}
    save_outputs(draw_clusters(GRID.wavelength, spectra.flux, shown, where), snakemake)
