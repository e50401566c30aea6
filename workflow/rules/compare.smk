# compare: the paper's tables, its numbers beside ours, literature catalogues beside ours

TABLE_FORMATS = ["csv", "tex", "md", "html"]
PAPER_TABLES = product_files("tables", TABLE_FORMATS)
ACCURACY_TASKS = ["spt", "wdm", "dmgm", "spt9"]


def table_files(name, caption):
    """Files of a table in `TABLE_FORMATS`; the report shows the last under its caption."""
    path = R + f"/tables/{name}"
    shown = report(path + ".html", caption=f"../report/{caption}.rst", category="Tables", labels={"table": name})
    return [*(f"{path}.{suffix}" for suffix in TABLE_FORMATS[:-1]), shown]


rule table_review:
    input:
        R + "/review/{queue}/decisions.parquet",
    output:
        table_files("{product}_{queue}_review", "table_review"),
    wildcard_constraints:
        product="tab01|tab04|tab07",
    log:
        R + "/logs/table_review/{product}_{queue}.log",
    benchmark:
        R + "/benchmarks/table_review/{product}_{queue}.tsv"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
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
        R + "/logs/table_resource/{product}_{name}.log",
    benchmark:
        R + "/benchmarks/table_resource/{product}_{name}.tsv"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "{wildcards.product}: {wildcards.name}"
    script:
        "../scripts/table_resource.py"


rule table_folds:
    input:
        models=expand(MODELS + "/tlma_{kind}/fold{fold}/model.json", kind=["dM", "gM"], fold=FOLDS),
        validation=expand(MODELS + "/tlma_{kind}/fold{fold}/validation.parquet", kind=["dM", "gM"], fold=FOLDS),
    output:
        table_files("tab08_folds", "table_folds"),
        table=R + "/compare/folds.parquet",
    log:
        R + "/logs/table_folds.log",
    benchmark:
        R + "/benchmarks/table_folds.tsv"
    params:
        folds=FOLDS,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "table 8: residuals of the folds"
    script:
        "../scripts/table_folds.py"


rule table_ranges:
    input:
        R + "/quality/ranges.json",
    output:
        table_files("tab10_ranges", "table_ranges"),
    log:
        R + "/logs/table_ranges.log",
    benchmark:
        R + "/benchmarks/table_ranges.tsv"
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "table 10: recommended ranges"
    script:
        "../scripts/table_ranges.py"


rule table_comparison:
    input:
        validation=expand(MODELS + "/{task}/validation.parquet", task=ACCURACY_TASKS),
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
        candidates=expand(R + "/{queue}/candidates.parquet", queue=["scm", "dgcm"]),
        decisions=expand(R + "/review/{queue}/decisions.parquet", queue=["scm", "dgcm", "rv"]),
        catalogs=expand(R + "/catalogs/m_catalog_v{number}.parquet", number=[1, 2, 3]),
        non_m=expand(R + "/catalogs/non_m_catalog_v{number}.parquet", number=[1, 2]),
        selection=R + "/rv/selection.parquet",
        summary=R + "/rv/selection.json",
        recommended=R + "/catalogs/recommended.parquet",
        ranges=R + "/quality/ranges.json",
        folds=R + "/compare/folds.parquet",
        literature=R + "/compare/comparison.parquet",
        contamination=R + "/compare/contamination.parquet",
    output:
        table_files("paper_comparison", "table_comparison"),
        numbers=R + "/compare/numbers.parquet",
    log:
        R + "/logs/table_comparison.log",
    benchmark:
        R + "/benchmarks/table_comparison.tsv"
    params:
        tasks=ACCURACY_TASKS,
        survey=SURVEY,
        simulated=SIMULATED,
        rv_cut=config["quality"]["rv_cut"],
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=10,
    message:
        "the paper's numbers and ours"
    script:
        "../scripts/table_comparison.py"


rule figure_flow:
    input:
        R + "/compare/numbers.parquet",
    output:
        figure("flow_of_counts"),
    log:
        R + "/logs/figure_flow/flow_of_counts.log",
    benchmark:
        R + "/benchmarks/figure_flow/flow_of_counts.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "the flow of counts"
    script:
        "../scripts/figure_flow.py"


rule compare_sample:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        apogee=R + "/crossmatch/apogee.parquet",
    output:
        R + "/compare/sample.parquet",
    log:
        R + "/logs/compare_sample.log",
    benchmark:
        R + "/benchmarks/compare_sample.tsv"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "spectra to compare with literature catalogues"
    script:
        "../scripts/compare_sample.py"


rule compare_catalog:
    input:
        sample=R + "/compare/sample.parquet",
        description=lambda wildcards: LITERATURE[wildcards.catalog][0],
        file=lambda wildcards: LITERATURE[wildcards.catalog][1],
    output:
        joined=R + "/compare/catalogs/{catalog}.parquet",
        statistics=R + "/compare/statistics/{catalog}.parquet",
    log:
        R + "/logs/compare_catalog/{catalog}.log",
    benchmark:
        R + "/benchmarks/compare_catalog/{catalog}.tsv"
    threads: 1
    resources:
        mem_mb=memory(6000),
        runtime=20,
    message:
        "this work beside {wildcards.catalog}"
    script:
        "../scripts/compare_catalog.py"


rule compare_groups:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        stars=R + "/catalogs/stars.parquet",
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        selection=R + "/rv/selection.parquet",
        binaries=config["compare"]["binaries"] or [],
        clusters=config["compare"]["clusters"] or [],
    output:
        statistics=R + "/compare/groups.parquet",
        classes=R + "/compare/class_agreement.parquet",
    log:
        R + "/logs/compare_groups.log",
    benchmark:
        R + "/benchmarks/compare_groups.tsv"
    threads: 1
    resources:
        mem_mb=memory(4000, 10),
        runtime=minutes(10),
    message:
        "velocities beside Gaia's, classes, wide binaries, clusters"
    script:
        "../scripts/compare_groups.py"


rule compare_summary:
    input:
        statistics=expand(R + "/compare/statistics/{catalog}.parquet", catalog=sorted(LITERATURE)),
        groups=R + "/compare/groups.parquet",
        classes=R + "/compare/class_agreement.parquet",
    output:
        table=R + "/compare/comparison.parquet",
        markdown=R + "/compare/comparison.md",
        page=report(
            R + "/compare/comparison.html",
            caption="../report/comparison.rst",
            category="Tables",
            labels={"table": "comparison"},
        ),
    log:
        R + "/logs/compare_summary.log",
    benchmark:
        R + "/benchmarks/compare_summary.tsv"
    params:
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=5,
    message:
        "all comparisons in one table"
    script:
        "../scripts/compare_summary.py"


def joined_catalog(wildcards):
    """The joined table of a configured catalogue; nothing where it isn't configured."""
    return [R + f"/compare/catalogs/{wildcards.catalog}.parquet"] if wildcards.catalog in LITERATURE else []


rule figure_comparison:
    input:
        joined=joined_catalog,
        description=lambda wildcards: [LITERATURE[wildcards.catalog][0]] if wildcards.catalog in LITERATURE else [],
    output:
        R + "/figures/{number}_compare_{catalog}_{kind}.pdf",
        report(
            R + "/figures/{number}_compare_{catalog}_{kind}.png",
            caption="../report/compare.rst",
            category="Comparison",
            labels={"figure": "{number}_compare_{catalog}_{kind}"},
        ),
    wildcard_constraints:
        number=r"fig\w+",
        catalog="|".join([*PAPER_CATALOGS, *sorted(LITERATURE)]),
    log:
        R + "/logs/figure_comparison/{number}_{catalog}_{kind}.log",
    benchmark:
        R + "/benchmarks/figure_comparison/{number}_{catalog}_{kind}.tsv"
    params:
        outliers=config["compare"]["outliers"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "figure {wildcards.number}: {wildcards.kind} parameters beside {wildcards.catalog}"
    script:
        "../scripts/figure_comparison.py"
