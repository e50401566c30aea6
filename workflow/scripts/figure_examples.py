"""Example spectra (Figures 7, 9 and 11)."""

import pandas as pd

from mstars.files.stores import stores_by_batch
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures import examples
from mstars.paper.figures.style import save_outputs

CHOOSE = {
    "fig07": (examples.non_m_examples, "no spectrum was found to be of another kind"),
    "fig09": (examples.class_examples, "no luminosity class was changed"),
    "fig11": (examples.velocity_examples, "no velocity was changed"),
}

with job(snakemake):
    choose, reason = CHOOSE[snakemake.wildcards.number]
    table = pd.concat([read_table(path) for path in snakemake.input.tables], ignore_index=True)
    shown = choose(table, snakemake.params.wanted)
    index = read_table(snakemake.input.index, ["spectrum_key", "batch", "row"])
    stores = stores_by_batch(snakemake.input.stores)
    spectra = examples.read_examples([example.key for example in shown], index, stores.__getitem__)
    save_outputs(examples.draw_examples(shown, spectra, reason), snakemake)
