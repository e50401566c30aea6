"""Figures of the value-added catalogue (Zhang et al. 2025, Figures 1, 2, 9 to 13 and 15)."""

from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.paper.figures import value_added as draw
from mstars.paper.figures.style import figure_style, save_outputs
from mstars.paper.isochrones import METALLICITIES, pick
from mstars.parameters.apogee_filter import apogee_labels

with job(snakemake), figure_style(snakemake):
    given, name = snakemake.input, snakemake.wildcards.name.split("_", 1)[1]
    if name == "precision":
        figure = draw.draw_precision(read_json(given.table))
    else:
        table = read_table(given.table)
        drawings = {
            "sky": lambda: draw.draw_sky(table),
            "snr": lambda: draw.draw_snr(
                table[table["luminosity_class"] == "dM"],
                {band: snakemake.params.sample[band] for band in ("snrr", "snri")},
            ),
            "kiel": lambda: draw.draw_kiel(table, pick(read_table(given.isochrones), METALLICITIES, 9.7)),
            "hr_diagram": lambda: draw.draw_hr_diagram(table),
            "active": lambda: draw.draw_active(table),
            "subtypes": lambda: draw.draw_subtypes(table),
            "apogee": lambda: draw.draw_labels(table, apogee_labels(read_table(given.apogee)), "APOGEE"),
        }
        figure = drawings[name]()
    save_outputs(figure, snakemake)
