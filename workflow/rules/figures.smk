# figures: one rule a figure, with only what it needs; each as vector PDF and as PNG

from mstars.core.errors import InputError


def figure(name, category="Figures"):
    """Output files of a figure; the report shows the picture under its caption."""
    path = R + f"/figures/{name}"
    picture = report(path + ".png", caption=f"../report/{name}.rst", category=category, labels={"figure": name})
    return [path + ".pdf", picture]


CONFUSION_FIGURES = {"fig03": "spt", "fig04": "wdm", "fig05": "spt9", "fig08": "dmgm"}
FIGURE_FILES = product_files("figures", ["pdf", "png"])


def isochrone_files(wildcards):
    """The user's own isochrone files; none is an error that names the key."""
    from glob import glob

    pattern = config["figures"]["isochrones"]
    files = sorted(glob(f"{pattern}/*" if Path(pattern).is_dir() else pattern))
    if not files:
        raise InputError(f"figures.isochrones: no file matches {pattern!r}; give a folder or pattern of CMD 3.x files")
    return files


ISOCHRONES = {"packaged": ["results/isochrones/parsec.parquet"], None: []}.get(
    config["figures"]["isochrones"], [R + "/isochrones/parsec.parquet"]
)


rule figure_workflow:
    input:
        R + "/plan/plan.parquet",  # before it no one knows the batches
    output:
        figure("fig01_workflow"),
    log:
        R + "/logs/figure_workflow/fig01_workflow.log",
    benchmark:
        R + "/benchmarks/figure_workflow/fig01_workflow.tsv"
    params:
        snakefile=str(Path(workflow.basedir) / "Snakefile"),
        rules=str(Path(workflow.basedir) / "workflow" / "rules"),
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "figure 1: the workflow by module"
    script:
        "../scripts/figure_workflow.py"


rule figure_network:
    input:
        expand(MODELS + "/{task}/model.json", task=["spt", "wdm", "dmgm"]),
        expand(MODELS + "/tlma_dM/fold{fold}/model.json", fold=FOLDS[:1]),
    output:
        figure("fig02_network"),
    log:
        R + "/logs/figure_network/fig02_network.log",
    benchmark:
        R + "/benchmarks/figure_network/fig02_network.tsv"
    params:
        names=["CNN-SPT", "CNN-WDM", "CNN-dMgM", "CNN-TLMA"],
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "figure 2: the network"
    script:
        "../scripts/figure_network.py"


rule figure_confusion:
    input:
        validation=MODELS + "/{task}/validation.parquet",
    output:
        R + "/figures/{number}_confusion_{task}.pdf",
        report(
            R + "/figures/{number}_confusion_{task}.png",
            caption="../report/confusion.rst",
            category="Figures",
            labels={"figure": "{number}_confusion_{task}"},
        ),
    wildcard_constraints:
        number="|".join(CONFUSION_FIGURES),
    log:
        R + "/logs/figure_confusion/{number}_{task}.log",
    benchmark:
        R + "/benchmarks/figure_confusion/{number}_{task}.tsv"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "figure {wildcards.number}: confusion matrix of {wildcards.task}"
    script:
        "../scripts/figure_confusion.py"


rule figure_cmd:
    input:
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        figure("fig06_cmd"),
    log:
        R + "/logs/figure_cmd/fig06_cmd.log",
    benchmark:
        R + "/benchmarks/figure_cmd/fig06_cmd.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=5,
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
            f"{R}/{table}.parquet" for table in EXAMPLE_FIGURES[f"{wildcards.number}_examples_{wildcards.name}"]
        ],
        index=R + "/ingest/spectra.parquet",
        stores=per_batch(R + "/spectra/{batch}.h5"),
    output:
        R + "/figures/{number}_examples_{name}.pdf",
        report(
            R + "/figures/{number}_examples_{name}.png",
            caption="../report/examples.rst",
            category="Figures",
            labels={"figure": "{number}_examples_{name}"},
        ),
    wildcard_constraints:
        number="fig07|fig09|fig11",
        name="non_m|class|rv",
    log:
        R + "/logs/figure_examples/{number}_{name}.log",
    benchmark:
        R + "/benchmarks/figure_examples/{number}_{name}.tsv"
    params:
        wanted=lambda wildcards: config["figures"]["examples"][wildcards.number],
        stores=R + "/spectra",
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
    message:
        "figure {wildcards.number}: example spectra"
    script:
        "../scripts/figure_examples.py"


rule figure_rv_comparison:
    input:
        selection=R + "/rv/selection.parquet",
        summary=R + "/rv/selection.json",
    output:
        figure("fig10_rv_comparison"),
    log:
        R + "/logs/figure_rv_comparison/fig10_rv_comparison.log",
    benchmark:
        R + "/benchmarks/figure_rv_comparison/fig10_rv_comparison.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=5,
    message:
        "figure 10: velocities of LAMOST, TM and DSAL"
    script:
        "../scripts/figure_rv_comparison.py"


rule figure_gaia_rv:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        selection=R + "/rv/selection.parquet",
        decisions=R + "/review/rv/decisions.parquet",
    output:
        figure("fig14_gaia_rv"),
    log:
        R + "/logs/figure_gaia_rv/fig14_gaia_rv.log",
    benchmark:
        R + "/benchmarks/figure_gaia_rv/fig14_gaia_rv.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=5,
    message:
        "figure 14: recommended velocities and Gaia's"
    script:
        "../scripts/figure_gaia_rv.py"


rule figure_label_comparison:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        models_dM=expand(MODELS + "/tlma_dM/fold{fold}/model.json", fold=FOLDS),
        models_gM=expand(MODELS + "/tlma_gM/fold{fold}/model.json", fold=FOLDS),
        validation_dM=expand(MODELS + "/tlma_dM/fold{fold}/validation.parquet", fold=FOLDS),
        validation_gM=expand(MODELS + "/tlma_gM/fold{fold}/validation.parquet", fold=FOLDS),
    output:
        figure("fig12_label_comparison"),
    log:
        R + "/logs/figure_label_comparison/fig12_label_comparison.log",
    benchmark:
        R + "/benchmarks/figure_label_comparison/fig12_label_comparison.tsv"
    params:
        folds=FOLDS,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "figure 12: predicted labels and APOGEE's"
    script:
        "../scripts/figure_label_comparison.py"


rule figure_internal_errors:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("fig13_internal_errors"),
    log:
        R + "/logs/figure_internal_errors/fig13_internal_errors.log",
    benchmark:
        R + "/benchmarks/figure_internal_errors/fig13_internal_errors.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=5,
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
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=30,
    message:
        "isochrones from the packaged grid"
    script:
        "../scripts/fetch_isochrones.py"


rule read_isochrones:
    input:
        isochrone_files,
    output:
        R + "/isochrones/parsec.parquet",
    log:
        R + "/logs/read_isochrones/parsec.log",
    benchmark:
        R + "/benchmarks/read_isochrones/parsec.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
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
        catalog=R + "/catalogs/recommended.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
        sample=R + "/compare/sample.parquet",
        joined=expand(R + "/compare/catalogs/{catalog}.parquet", catalog=MARKING),
        descriptions=[LITERATURE[name][0] for name in MARKING],
        isochrones=ISOCHRONES,
    output:
        figure("fig23_kiel"),
    log:
        R + "/logs/figure_kiel/fig23_kiel.log",
    benchmark:
        R + "/benchmarks/figure_kiel/fig23_kiel.tsv"
    params:
        joined=MARKING,
        shown=SEQUENCE_CATALOGS["fig23"],
        outliers=config["compare"]["outliers"],
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "figure 23: Kiel diagram"
    script:
        "../scripts/figure_kiel.py"


rule figure_colour:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
        sample=R + "/compare/sample.parquet",
        joined=expand(R + "/compare/catalogs/{catalog}.parquet", catalog=MARKING),
        descriptions=[LITERATURE[name][0] for name in MARKING],
        isochrones=ISOCHRONES,
    output:
        R + "/figures/{number}_colour_{name}.pdf",
        report(
            R + "/figures/{number}_colour_{name}.png",
            caption="../report/colour.rst",
            category="Figures",
            labels={"figure": "{number}_colour_{name}"},
        ),
    wildcard_constraints:
        number="fig24|fig25",
        name="gaia|wise",
    log:
        R + "/logs/figure_colour/{number}_{name}.log",
    benchmark:
        R + "/benchmarks/figure_colour/{number}_{name}.tsv"
    params:
        colour=lambda wildcards: {"gaia": "bp_rp_0", "wise": "W1_W2_0"}[wildcards.name],
        joined=MARKING,
        shown=lambda wildcards: SEQUENCE_CATALOGS[wildcards.number],
        outliers=config["compare"]["outliers"],
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "figure {wildcards.number}: effective temperature and {wildcards.name} colour"
    script:
        "../scripts/figure_colour.py"
