# beside: the engines beside each other, beside APOGEE, other catalogues and a simulation's truth (docs/engines/compare.md)


include: "beside_inputs.smk"


rule engine_labels:
    input:
        parameters=expand("<results>/parameters/{engine}.parquet", engine=ENGINES),
        flags=expand("<results>/quality/{engine}.parquet", engine=ENGINES),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        descriptions=beside_files(0),
        files=beside_files(1),
        truth="<sim>/truth.parquet" if SIMULATED else [],
    output:
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
    log:
        "<logs>/engine_labels.log",
    benchmark:
        "<benchmarks>/engine_labels.tsv"
    params:
        engines=ENGINES,
        catalogues=list(BESIDE),
        simulated=SIMULATED,
    resources:
        mem_mb=memory(6000),
    message:
        "labels of all engines, APOGEE and other catalogues side by side"
    script:
        "../../scripts/engine_labels.py"


rule compare_engines:
    input:
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
    output:
        "<results>/compare/engines.parquet",
    log:
        "<logs>/compare_engines.log",
    benchmark:
        "<benchmarks>/compare_engines.tsv"
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "every pair of engines and catalogues"
    script:
        "../../scripts/compare_engines.py"


rule engine_groups:
    input:
        **group_files(),
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
    output:
        statistics="<results>/compare/engine_groups.parquet",
        differences="<results>/compare/engine_group_stars.parquet",
    log:
        "<logs>/engine_groups.log",
    benchmark:
        "<benchmarks>/engine_groups.tsv"
    params:
        tables=GROUP_TABLES,
        own=config["compare"]["pairs"],
    resources:
        mem_mb=memory(4000),
    message:
        "wide pairs and clusters by every engine"
    script:
        "../../scripts/engine_groups.py"


rule engine_scales:
    input:
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
    output:
        "<results>/compare/engine_scales.json",
    log:
        "<logs>/engine_scales.log",
    benchmark:
        "<benchmarks>/engine_scales.tsv"
    params:
        scale=SCALE_TO,
    resources:
        mem_mb=memory(4000),
    message:
        "maps of the engines to the scale of parameters.scale_to"
    script:
        "../../scripts/engine_scales.py"


rule engines_catalog:
    input:
        parameters=expand("<results>/parameters/{engine}.parquet", engine=ENGINES),
        flags=expand("<results>/quality/{engine}.parquet", engine=ENGINES),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        scales="<results>/compare/engine_scales.json" if SCALE_TO else [],
    output:
        expand("<results>/catalogs/engines.{ending}", ending=PRODUCT_FORMATS),
    log:
        "<logs>/engines_catalog.log",
    benchmark:
        "<benchmarks>/engines_catalog.tsv"
    params:
        engines=ENGINES,
        scale=SCALE_TO,
        survey=SURVEY,
    resources:
        mem_mb=memory(4000, 20),
    message:
        "the catalogue of all engines side by side"
    script:
        "../../scripts/engines_catalog.py"


rule figure_engines:
    input:
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
        statistics="<results>/compare/engines.parquet",
        differences="<results>/compare/engine_group_stars.parquet",
        isochrones=ISOCHRONES,
    output:
        figure("engines/{name}", "Engines", caption="engines"),
    wildcard_constraints:
        name="|".join(BESIDE_FIGURES),
    log:
        "<logs>/figure_engines/{name}.log",
    benchmark:
        "<benchmarks>/figure_engines/{name}.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "engines beside each other: {wildcards.name}"
    script:
        "../../scripts/figure_engines.py"


rule engines_page:
    input:
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
        statistics="<results>/compare/engines.parquet",
        groups="<results>/compare/engine_groups.parquet",
        scales="<results>/compare/engine_scales.json" if SCALE_TO else [],
        combined="<results>/parameters/combined.parquet" if "combined" in ENGINES else [],
        figures=expand("<results>/figures/engines/{name}.png", name=BESIDE_FIGURES),
    output:
        page=report("<results>/compare/engines.html", caption="../../report/engines.rst", category="Engines"),
        precision="<results>/compare/engine_precision.parquet",
    log:
        "<logs>/engines_page.log",
    benchmark:
        "<benchmarks>/engines_page.tsv"
    params:
        survey=SURVEY,
    resources:
        mem_mb=memory(4000),
    message:
        "the page of the engines"
    script:
        "../../scripts/engines_page.py"


# what `snakemake engines_beside` makes
BESIDE_FILES = ["<results>/compare/engines.html", *rules.engines_catalog.output]


rule engines_beside:
    input:
        ENGINE_FILES,
        BESIDE_FILES,
