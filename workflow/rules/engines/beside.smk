# beside: the engines beside each other, beside APOGEE, other catalogues and a simulation's truth (docs/engines/compare.md)


include: "beside_inputs.smk"


rule engine_labels:
    input:
        parameters=expand("<results>/parameters/{engine}.parquet", engine=ENGINES),
        flags=expand("<results>/quality/{engine}.parquet", engine=ENGINES),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        descriptions=beside_files(0),
        files=beside_files(1),
        truth="<results>/sim/truth.parquet" if SIMULATED else [],
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
