# paper_tables: the paper's tables, and its numbers beside ours

ACCURACY_TASKS = ["spt", "wdm", "dmgm", "spt9"]


rule table_review:
    input:
        "<results>/review/{queue}/decisions.parquet",
    output:
        table_files("{product}_{queue}_review", "table_review"),
    wildcard_constraints:
        product="tab01|tab04|tab07",
    log:
        "<logs>/table_review/{product}_{queue}.log",
    benchmark:
        "<benchmarks>/table_review/{product}_{queue}.tsv"
    message:
        "{wildcards.product}: the candidates of queue {wildcards.queue}"
    script:
        "../scripts/table_review.py"


rule table_resource:
    output:
        table_files("{product}_{name}", "table_resource"),
    wildcard_constraints:
        product="tab02|tab03|tab05|tab06|tab09",
    log:
        "<logs>/table_resource/{product}_{name}.log",
    benchmark:
        "<benchmarks>/table_resource/{product}_{name}.tsv"
    message:
        "{wildcards.product}: {wildcards.name}"
    script:
        "../scripts/table_resource.py"


rule table_folds:
    input:
        models=expand("<models>/tlma_{kind}/fold{fold}/model.json", kind=["dM", "gM"], fold=FOLDS),
        validation=expand("<models>/tlma_{kind}/fold{fold}/validation.parquet", kind=["dM", "gM"], fold=FOLDS),
    output:
        table_files("tab08_folds", "table_folds"),
        table="<results>/compare/folds.parquet",
    log:
        "<logs>/table_folds.log",
    benchmark:
        "<benchmarks>/table_folds.tsv"
    params:
        kinds=["dM", "gM"],
        folds=FOLDS,
    message:
        "table 8: residuals of the folds"
    script:
        "../scripts/table_folds.py"


rule table_ranges:
    input:
        "<results>/quality/ranges.json",
    output:
        table_files("tab10_ranges", "table_ranges"),
    log:
        "<logs>/table_ranges.log",
    benchmark:
        "<benchmarks>/table_ranges.tsv"
    message:
        "table 10: recommended ranges"
    script:
        "../scripts/table_ranges.py"


# training spectra whose parameters in the catalogue are the mean of all models
ENSEMBLE_SETS = []
if ENGINE == "cnn" and config["spmm"]["training_stars"] == "ensemble":
    ENSEMBLE_SETS = expand("<results>/training/tlma_{kind}.parquet", kind=["dM", "gM"])


rule table_comparison:
    input:
        validation=expand("<models>/{task}/validation.parquet", task=ACCURACY_TASKS),
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        candidates=expand("<results>/{queue}/candidates.parquet", queue=["scm", "dgcm"]),
        decisions=expand("<results>/review/{queue}/decisions.parquet", queue=["scm", "dgcm", "rv"]),
        catalogs=expand("<results>/catalogs/m_catalog_v{number}.parquet", number=[1, 2, 3]),
        non_m=expand("<results>/catalogs/non_m_catalog_v{number}.parquet", number=[1, 2]),
        selection="<results>/rv/selection.parquet",
        summary="<results>/rv/selection.json",
        recommended="<results>/catalogs/recommended.parquet",
        ranges="<results>/quality/ranges.json",
        folds="<results>/compare/folds.parquet" if "cnn" in ENGINES else [],
        labelled=ENSEMBLE_SETS,
        training=expand("<results>/training/{task}.json", task=["spt", "wdm"]),
        sample="<results>/compare/sample.parquet",
        literature="<results>/compare/comparison.parquet",
        contamination="<results>/compare/contamination.parquet",
    output:
        table_files("paper_comparison", "table_comparison"),
        numbers="<results>/compare/numbers.parquet",
    log:
        "<logs>/table_comparison.log",
    benchmark:
        "<benchmarks>/table_comparison.tsv"
    params:
        tasks=ACCURACY_TASKS,
        survey=SURVEY,
        simulated=SIMULATED,
        rv_cut=config["quality"]["rv_cut"],
        snr_min=config["scm"]["snr_min"],
    resources:
        mem_mb=memory(6000),
    message:
        "the paper's numbers and ours"
    script:
        "../scripts/table_comparison.py"


rule figure_flow:
    input:
        "<results>/compare/numbers.parquet",
    output:
        figure("flow_of_counts"),
    log:
        "<logs>/figure_flow/flow_of_counts.log",
    benchmark:
        "<benchmarks>/figure_flow/flow_of_counts.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
    message:
        "the flow of counts"
    script:
        "../scripts/figure_flow.py"
