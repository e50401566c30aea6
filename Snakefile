"""mstars: from a survey's M-type star spectra to a refined catalogue (Li et al. 2025)."""

from snakemake.utils import min_version

min_version("9.14")


configfile: "config/config.yaml"


# with --sdm conda all jobs run in this one environment; --lint looks for one at each rule and does not see it
conda: "envs/environment.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/templates.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/crossmatch.smk"
include: "workflow/rules/acquire.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/scm.smk"
include: "workflow/rules/dgcm.smk"
include: "workflow/rules/rvmm.smk"
include: "workflow/rules/spmm.smk"
include: "workflow/rules/review.smk"
include: "workflow/rules/catalog.smk"
include: "workflow/rules/literature.smk"
include: "workflow/rules/paper_figures.smk"
include: "workflow/rules/paper_tables.smk"
include: "workflow/rules/engines/beside.smk"
include: "workflow/rules/whole_survey.smk"
include: "workflow/rules/report.smk"
for name in OPTIONAL_RULES:

    include: f"workflow/rules/{name}.smk"


include: "workflow/rules/figure_style.smk"
include: "workflow/rules/digests.smk"


localrules:
    all,
    acquire,
    engines,
    engines_beside,
    ingest,
    catalog,
    figures,
    tables,
    paper,
    validate,


rule all:
    default_target: True
    input:
        CATALOG_FILES,
        FIGURE_FILES,
        TABLE_FILES,
        VALIDATION_FILES,


rule ingest:
    input:
        "<results>/ingest/spectra.parquet",


rule catalog:
    input:
        CATALOG_FILES,


rule figures:
    input:
        FIGURE_FILES,


rule validate:
    input:
        VALIDATION_FILES,


rule tables:
    input:
        PAPER_TABLES,


rule paper:
    input:
        FIGURE_FILES,
        paper_files("paper", FIGURE_FORMATS),
        PAPER_TABLES,
        "<results>/compare/comparison.parquet",
        CDS_FILES,
        SURVEY_FIGURES,
        SURVEY_TABLES,
        "<results>/index.html",
