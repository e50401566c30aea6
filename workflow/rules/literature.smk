# literature: other catalogues beside ours

# description and table of each by name
LITERATURE = {**PLANTED_LITERATURE, **FETCHED_LITERATURE}
if config["compare"]["catalogs"]:
    from mstars.literature.catalogues import read_description
for path in config["compare"]["catalogs"]:
    with told_alone():
        described = read_description(path)
    LITERATURE[described.name] = (path, os.path.normpath(described.file))


rule compare_sample:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
    output:
        "<results>/compare/sample.parquet",
    log:
        "<logs>/compare_sample.log",
    benchmark:
        "<benchmarks>/compare_sample.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "spectra to compare with literature catalogues"
    script:
        "../scripts/compare_sample.py"


rule compare_catalog:
    input:
        sample="<results>/compare/sample.parquet",
        description=lambda wildcards: LITERATURE[wildcards.catalog][0],
        file=lambda wildcards: LITERATURE[wildcards.catalog][1],
    output:
        joined="<results>/compare/catalogs/{catalog}.parquet",
        statistics="<results>/compare/statistics/{catalog}.parquet",
    log:
        "<logs>/compare_catalog/{catalog}.log",
    benchmark:
        "<benchmarks>/compare_catalog/{catalog}.tsv"
    resources:
        mem_mb=memory(6000),
    message:
        "this work beside {wildcards.catalog}"
    script:
        "../scripts/compare_catalog.py"


rule compare_groups:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        stars="<results>/catalogs/stars.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        selection="<results>/rv/selection.parquet",
        binaries=COMPARE["binaries"] or [],
        clusters=COMPARE["clusters"] or [],
    output:
        statistics="<results>/compare/groups.parquet",
        classes="<results>/compare/class_agreement.parquet",
    log:
        "<logs>/compare_groups.log",
    benchmark:
        "<benchmarks>/compare_groups.tsv"
    resources:
        mem_mb=memory(4000, 10),
    message:
        "velocities beside Gaia's, classes, wide binaries, clusters"
    script:
        "../scripts/compare_groups.py"


rule compare_summary:
    input:
        statistics=expand("<results>/compare/statistics/{catalog}.parquet", catalog=sorted(LITERATURE)),
        groups="<results>/compare/groups.parquet",
        classes="<results>/compare/class_agreement.parquet",
    output:
        table="<results>/compare/comparison.parquet",
        markdown="<results>/compare/comparison.md",
        page=report(
            "<results>/compare/comparison.html",
            caption="../report/comparison.rst",
            category="Tables",
            labels={"table": "comparison"},
        ),
    log:
        "<logs>/compare_summary.log",
    benchmark:
        "<benchmarks>/compare_summary.tsv"
    params:
        survey=SURVEY,
    message:
        "all comparisons in one table"
    script:
        "../scripts/compare_summary.py"


rule figure_comparison:
    input:
        joined=joined_catalog,
        description=lambda wildcards: [LITERATURE[wildcards.catalog][0]] if wildcards.catalog in LITERATURE else [],
    output:
        figure("{number}_compare_{catalog}_{kind}", "Comparison", caption="compare"),
    wildcard_constraints:
        number=r"fig\w+",
        catalog="|".join([*PAPER_CATALOGS, *sorted(LITERATURE)]),
    log:
        "<logs>/figure_comparison/{number}_{catalog}_{kind}.log",
    benchmark:
        "<benchmarks>/figure_comparison/{number}_{catalog}_{kind}.tsv"
    params:
        outliers=config["compare"]["outliers"],
    resources:
        mem_mb=memory(4000),
    message:
        "figure {wildcards.number}: {wildcards.kind} parameters beside {wildcards.catalog}"
    script:
        "../scripts/figure_comparison.py"
