"""The numbers the paper prints and those of this run."""

from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, write_table
from mstars.ops.job import job
from mstars.paper import numbers
from mstars.paper.paper_tables import comparison_table
from mstars.paper.rendering import write_table_files

COLUMNS = {
    "m_catalog": ["lamost_class"],
    "gaia": ["spectrum_key", "source_id", "radial_velocity", "radial_velocity_error", "rv_expected_sig_to_noise"],
    "photometry": ["spectrum_key", "CMD_flag", "CMD_pos"],
    "apogee": ["spectrum_key", "ASPCAP_CLASS", *APOGEE_COLUMNS.values()],
    "selection": ["spectrum_key", "candidate", "lamost_rv", "rv_dsal1", "rv_dsal2", "in_tm_band"],
    "recommended": [
        *("spectrum_key", "luminosity_class", "rv", "rv_paper_err", "rv_paper_from", "rv_flag", "parameter_flag"),
        *(f"{what}_{band}" for what in ("snr", "orp") for band in "ugriz"),
        *(f"{name}{suffix}" for name in LABELS for suffix in ("", "_err", "_spread")),
    ],
}
STAGES = (
    ["spectrum_key", "lamost_class", "spt_class", "wdm_class"],
    ["lamost_class", "luminosity_class", "dmgm_class"],
    ["rv_paper_from", "obsdate"],
)
NON_M = (["spt_class", "wdm_class"], ["dmgm_class"])
"""Of the long tables only what the numbers need."""

with job(snakemake):
    given = snakemake.input
    m_catalog, gaia, photometry, apogee, selection, catalog = (
        read_table(given[name], columns) for name, columns in COLUMNS.items()
    )
    scm_queue, dgcm_queue = (read_table(path, ["spectrum_key"]) for path in given.candidates)
    scm, dgcm, rv = (read_table(path, ["label"]) for path in given.decisions)
    v1, v2, v3 = (read_table(path, columns) for path, columns in zip(given.catalogs, STAGES, strict=True))
    non_m_v1, non_m_v2 = (read_table(path, columns) for path, columns in zip(given.non_m, NON_M, strict=True))
    ours = {
        f"{task}_accuracy": numbers.average_accuracy(read_table(path, ["truth", "predicted"]))
        for task, path in zip(snakemake.params.tasks, given.validation, strict=True)
    }
    ours |= numbers.scm_numbers(m_catalog, gaia, photometry, scm_queue, scm, v1, non_m_v1)
    ours |= numbers.dgcm_numbers(v1, photometry, dgcm_queue, dgcm, v2, non_m_v1, non_m_v2)
    ours |= numbers.rv_numbers(selection, read_json(given.summary), rv, v3, rv_cut=snakemake.params.rv_cut)
    ours |= numbers.catalog_numbers(catalog, read_json(given.ranges))
    ours |= numbers.external_numbers(catalog, gaia, apogee, selection)
    if given.folds:  # of the engine cnn
        ours |= numbers.fold_numbers(read_table(given.folds))
    ours |= numbers.literature_numbers(read_table(given.literature))
    ours |= numbers.random_numbers(read_table(given.contamination))
    compared = numbers.compare_numbers(ours)
    write_table(compared, snakemake.output.numbers)
    params = snakemake.params
    write_table_files(comparison_table(compared, params.survey, params.simulated), snakemake.output[:4])
