# paper_figures: one rule a figure of the paper, with only what it needs; each as vector PDF and as PNG

CONFUSION_FIGURES = {"fig03": "spt", "fig04": "wdm", "fig05": "spt9", "fig08": "dmgm"}
ISOCHRONES = {"packaged": ["results/isochrones/parsec.parquet"], None: []}.get(
    config["figures"]["isochrones"], ["<results>/isochrones/parsec.parquet"]
)


rule figure_workflow:
    input:
        "<results>/plan/plan.parquet",  # before it no one knows the batches
    output:
        figure("fig01_workflow"),
    log:
        "<logs>/figure_workflow/fig01_workflow.log",
    benchmark:
        "<benchmarks>/figure_workflow/fig01_workflow.tsv"
    message:
        "figure 1: the workflow as its rules"
    script:
        "../scripts/figure_workflow.py"


rule figure_decisions:
    output:
        figure("fig01_decisions"),
    log:
        "<logs>/figure_decisions/fig01_decisions.log",
    benchmark:
        "<benchmarks>/figure_decisions/fig01_decisions.tsv"
    params:
        settings={name: config[name] for name in ("review", "crossmatch", "scm", "rvmm", "spmm", "quality", "parameters")},
    message:
        "figure 1: the decisions of the four modules"
    script:
        "../scripts/figure_decisions.py"


rule figure_network:
    input:
        expand("<models>/{task}/model.json", task=["spt", "wdm", "dmgm"]),
        expand("<models>/tlma_dM/fold{fold}/model.json", fold=FOLDS[:1]),
    output:
        figure("fig02_network"),
    log:
        "<logs>/figure_network/fig02_network.log",
    benchmark:
        "<benchmarks>/figure_network/fig02_network.tsv"
    params:
        names=["CNN-SPT", "CNN-WDM", "CNN-dMgM", "CNN-TLMA"],
    message:
        "figure 2: the network"
    script:
        "../scripts/figure_network.py"


rule figure_confusion:
    input:
        validation="<models>/{task}/validation.parquet",
    output:
        figure("{number}_confusion_{task}", caption="confusion"),
    wildcard_constraints:
        number="|".join(CONFUSION_FIGURES),
    log:
        "<logs>/figure_confusion/{number}_{task}.log",
    benchmark:
        "<benchmarks>/figure_confusion/{number}_{task}.tsv"
    message:
        "figure {wildcards.number}: confusion matrix of {wildcards.task}"
    script:
        "../scripts/figure_confusion.py"


rule figure_cmd:
    input:
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        figure("fig06_cmd"),
    log:
        "<logs>/figure_cmd/fig06_cmd.log",
    benchmark:
        "<benchmarks>/figure_cmd/fig06_cmd.tsv"
    params:
        dm_region=config["photometry"]["dm_region"],
    message:
        "figure 6: colour-magnitude diagram"
    script:
        "../scripts/figure_cmd.py"


EXAMPLE_FIGURES = {
    "fig07_examples_non_m": ["catalogs/non_m_catalog_v1", "catalogs/non_m_catalog_v2"],
    "fig09_examples_class": ["catalogs/m_catalog_v2"],
    "fig11_examples_rv": ["catalogs/m_catalog_v3"],
}


rule figure_examples:
    input:
        tables=lambda wildcards: [
            f"<results>/{table}.parquet" for table in EXAMPLE_FIGURES[f"{wildcards.number}_examples_{wildcards.name}"]
        ],
        index="<results>/ingest/spectra.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        figure("{number}_examples_{name}", caption="examples"),
    wildcard_constraints:
        number="fig07|fig09|fig11",
        name="non_m|class|rv",
    log:
        "<logs>/figure_examples/{number}_{name}.log",
    benchmark:
        "<benchmarks>/figure_examples/{number}_{name}.tsv"
    params:
        wanted=lambda wildcards: config["figures"]["examples"][wildcards.number],
    message:
        "figure {wildcards.number}: example spectra"
    script:
        "../scripts/figure_examples.py"


rule figure_rv_comparison:
    input:
        selection="<results>/rv/selection.parquet",
        summary="<results>/rv/selection.json",
    output:
        figure("fig10_rv_comparison"),
    log:
        "<logs>/figure_rv_comparison/fig10_rv_comparison.log",
    benchmark:
        "<benchmarks>/figure_rv_comparison/fig10_rv_comparison.tsv"
    message:
        "figure 10: velocities of LAMOST, TM and DSAL"
    script:
        "../scripts/figure_rv_comparison.py"


rule figure_gaia_rv:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        selection="<results>/rv/selection.parquet",
        decisions="<results>/review/rv/decisions.parquet",
    output:
        figure("fig14_gaia_rv"),
    log:
        "<logs>/figure_gaia_rv/fig14_gaia_rv.log",
    benchmark:
        "<benchmarks>/figure_gaia_rv/fig14_gaia_rv.tsv"
    message:
        "figure 14: recommended velocities and Gaia's"
    script:
        "../scripts/figure_gaia_rv.py"


rule figure_label_comparison:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        models_dM=expand("<models>/tlma_dM/fold{fold}/model.json", fold=FOLDS),
        models_gM=expand("<models>/tlma_gM/fold{fold}/model.json", fold=FOLDS),
        validation_dM=expand("<models>/tlma_dM/fold{fold}/validation.parquet", fold=FOLDS),
        validation_gM=expand("<models>/tlma_gM/fold{fold}/validation.parquet", fold=FOLDS),
    output:
        figure("fig12_label_comparison"),
    log:
        "<logs>/figure_label_comparison/fig12_label_comparison.log",
    benchmark:
        "<benchmarks>/figure_label_comparison/fig12_label_comparison.tsv"
    params:
        folds=FOLDS,
    message:
        "figure 12: predicted labels and APOGEE's"
    script:
        "../scripts/figure_label_comparison.py"


rule figure_internal_errors:
    input:
        catalog="<results>/catalogs/recommended.parquet",
    output:
        figure("fig13_internal_errors"),
    log:
        "<logs>/figure_internal_errors/fig13_internal_errors.log",
    benchmark:
        "<benchmarks>/figure_internal_errors/fig13_internal_errors.tsv"
    message:
        "figure 13: internal errors"
    script:
        "../scripts/figure_internal_errors.py"


rule fetch_isochrones:
    output:
        "results/isochrones/parsec.parquet",
    log:
        "results/isochrones/logs/fetch_isochrones.log",
    benchmark:
        "results/isochrones/benchmarks/fetch_isochrones.tsv"
    params:
        own=config["templates"]["packages"],
    message:
        "isochrones from the packaged grid"
    script:
        "../scripts/fetch_isochrones.py"


rule read_isochrones:
    input:
        isochrone_files,
    output:
        "<results>/isochrones/parsec.parquet",
    log:
        "<logs>/read_isochrones/parsec.log",
    benchmark:
        "<benchmarks>/read_isochrones/parsec.tsv"
    message:
        "isochrones of {input}"
    script:
        "../scripts/read_isochrones.py"


# catalogues of Figures 23 to 25 beside APOGEE's and this work's parameters, in the paper's order
SEQUENCE_CATALOGS = {
    "fig23": ["qiu2023", "ding2022", "laspm"],
    "fig24": ["li2021", "ding2022", "laspm"],
    "fig25": ["li2021", "ding2022", "laspm"],
}
# those and what marks their outliers
MARKING = sorted({name for names in SEQUENCE_CATALOGS.values() for name in names} & set(LITERATURE))


rule figure_kiel:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        sample="<results>/compare/sample.parquet",
        joined=expand("<results>/compare/catalogs/{catalog}.parquet", catalog=MARKING),
        descriptions=[LITERATURE[name][0] for name in MARKING],
        isochrones=ISOCHRONES,
    output:
        figure("fig23_kiel"),
    log:
        "<logs>/figure_kiel/fig23_kiel.log",
    benchmark:
        "<benchmarks>/figure_kiel/fig23_kiel.tsv"
    params:
        joined=MARKING,
        shown=SEQUENCE_CATALOGS["fig23"],
        outliers=config["compare"]["outliers"],
    resources:
        mem_mb=memory(2000, 10),
    message:
        "figure 23: Kiel diagram"
    script:
        "../scripts/figure_kiel.py"


rule figure_colour:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        sample="<results>/compare/sample.parquet",
        joined=expand("<results>/compare/catalogs/{catalog}.parquet", catalog=MARKING),
        descriptions=[LITERATURE[name][0] for name in MARKING],
        isochrones=ISOCHRONES,
    output:
        figure("{number}_colour_{name}", caption="colour"),
    wildcard_constraints:
        number="fig24|fig25",
        name="gaia|wise",
    log:
        "<logs>/figure_colour/{number}_{name}.log",
    benchmark:
        "<benchmarks>/figure_colour/{number}_{name}.tsv"
    params:
        colour=lambda wildcards: {"gaia": "bp_rp_0", "wise": "W1_W2_0"}[wildcards.name],
        joined=MARKING,
        shown=lambda wildcards: SEQUENCE_CATALOGS[wildcards.number],
        outliers=config["compare"]["outliers"],
    resources:
        mem_mb=memory(2000, 10),
    message:
        "figure {wildcards.number}: effective temperature and {wildcards.name} colour"
    script:
        "../scripts/figure_colour.py"
