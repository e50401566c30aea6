# rvmm: radial velocities (section 3.4.3)


localrules:
    rvmm,


rule rvmm:
    input:
        "<results>/catalogs/m_catalog_v3.parquet",
        "<results>/rv/table7.csv",


# what every batch's job would make anew from the library
rule rv_bank:
    input:
        templates=LIBRARY,
    output:
        "<results>/rv/bank.h5",
    log:
        "<logs>/rv_bank.log",
    benchmark:
        "<benchmarks>/rv_bank.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
    message:
        "templates for the velocities"
    script:
        "../scripts/rv_bank.py"


rule rv_measure:
    input:
        plan=batch_table,
        spectra="<results>/spectra/{batch}.h5",
        bank="<results>/rv/bank.h5",
    output:
        "<results>/rv/measure/{batch}.parquet",
    log:
        "<logs>/rv_measure/{batch}.log",
    benchmark:
        "<benchmarks>/rv_measure/{batch}.tsv"
    params:
        settings=config["rvmm"],
    # what goes on to m_catalog_v2, a table after another, comes first: velocities fill the other cores
    priority: -1
    # two jobs of one thread do more than one of two: a third of a job is its start
    resources:
        mem_mb=memory(3000),
        gpu=gpus("velocity"),
    message:
        "velocities of {wildcards.batch}"
    script:
        "../scripts/rv_measure.py"


rule rv_select:
    input:
        m_catalog="<results>/catalogs/m_catalog_v2.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        measured=per_batch("<results>/rv/measure/{batch}.parquet"),
    output:
        table="<results>/rv/selection.parquet",
        summary="<results>/rv/selection.json",
    log:
        "<logs>/rv_select.log",
    benchmark:
        "<benchmarks>/rv_select.tsv"
    params:
        settings=config["rvmm"]["selection"],
    resources:
        mem_mb=memory(4000),
    message:
        "LAMOST velocities against TM and DSAL (Fig. 10)"
    script:
        "../scripts/rv_select.py"


rule rv_remeasure:
    input:
        selection="<results>/rv/selection.parquet",
        plan="<results>/plan/plan.parquet",
        spectra=per_batch("<results>/spectra/{batch}.h5"),
        templates=LIBRARY,
    output:
        "<results>/rv/remeasure.parquet",
    log:
        "<logs>/rv_remeasure.log",
    benchmark:
        "<benchmarks>/rv_remeasure.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
    threads: 2
    resources:
        mem_mb=memory(3000),
        runtime=60,
    message:
        "TML7500 and DSEL of the rv candidates"
    script:
        "../scripts/rv_remeasure.py"


rule rv_candidates:
    input:
        m_catalog="<results>/catalogs/m_catalog_v2.parquet",
        selection="<results>/rv/selection.parquet",
        remeasured="<results>/rv/remeasure.parquet",
    output:
        "<results>/rv/candidates.parquet",
    log:
        "<logs>/rv_candidates.log",
    benchmark:
        "<benchmarks>/rv_candidates.tsv"
    params:
        settings=config["rvmm"]["selection"],
    resources:
        mem_mb=memory(4000),
    message:
        "review queue rv"
    script:
        "../scripts/rv_candidates.py"


rule rv_apply:
    input:
        m_catalog="<results>/catalogs/m_catalog_v2.parquet",
        candidates="<results>/rv/candidates.parquet",
        decisions="<results>/review/rv/decisions.parquet",
        selection="<results>/rv/selection.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
    output:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        table7="<results>/rv/table7.csv",
        zero_point="<results>/rv/zero_point.json",
    log:
        "<logs>/rv_apply.log",
    benchmark:
        "<benchmarks>/rv_apply.tsv"
    params:
        settings=config["rvmm"]["selection"],
        common_kms=config["rvmm"]["tm"]["error_floor_kms"],
        rv=config["catalog"]["rv"],
    resources:
        mem_mb=memory(4000),
    message:
        "m_catalog_v3"
    script:
        "../scripts/rv_apply.py"


rule rv_diagnosis:
    input:
        survey="<results>/plan/m_catalog_v0.parquet",
        measured=of_spectrum("<results>/rv/measure/{batch}.parquet"),
        spectra=of_spectrum("<results>/spectra/{batch}.h5"),
        templates=LIBRARY,
    output:
        "<results>/rv/diagnosis/{spectrum}.png",
    log:
        "<logs>/rv_diagnosis/{spectrum}.log",
    benchmark:
        "<benchmarks>/rv_diagnosis/{spectrum}.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
    message:
        "velocities of {wildcards.spectrum}: picture"
    script:
        "../scripts/rv_diagnosis.py"
