"""The numbers the paper prints and those of this run."""

from mstars.compare import numbers
from mstars.compare.rendering import write_table_files
from mstars.compare.tables import comparison_table
from mstars.store import read_json, read_table, write_table
from mstars.workflow import job

with job(snakemake):
    given = snakemake.input
    names = ("m_catalog", "gaia", "photometry", "apogee", "selection", "recommended", "folds")
    m_catalog, gaia, photometry, apogee, selection, catalog, folds = (read_table(given[name]) for name in names)
    scm_queue, dgcm_queue = (read_table(path, ["spectrum_key"]) for path in given.candidates)
    scm, dgcm, rv = (read_table(path) for path in given.decisions)
    v1, v2, v3 = (read_table(path) for path in given.catalogs)
    non_m_v1, non_m_v2 = (read_table(path) for path in given.non_m)
    ours = {
        f"{task}_accuracy": numbers.average_accuracy(read_table(path, ["truth", "predicted"]))
        for task, path in zip(snakemake.params.tasks, given.validation, strict=True)
    }
    ours |= numbers.scm_numbers(m_catalog, gaia, photometry, scm_queue, scm, v1, non_m_v1)
    ours |= numbers.dgcm_numbers(v1, photometry, dgcm_queue, dgcm, v2, non_m_v1, non_m_v2)
    ours |= numbers.rv_numbers(selection, read_json(given.summary), rv, v3)
    ours |= numbers.catalog_numbers(catalog, read_json(given.ranges))
    ours |= numbers.external_numbers(catalog, gaia, apogee, selection)
    ours |= numbers.fold_numbers(folds)
    ours |= numbers.literature_numbers(read_table(given.literature))
    ours |= numbers.random_numbers(read_table(given.contamination))
    compared = numbers.compare_numbers(ours)
    write_table(compared, snakemake.output.numbers)
    simulated = snakemake.params.kind == "simulated"
    write_table_files(comparison_table(compared, snakemake.params.survey, simulated), snakemake.output[:4])
