# rvmm: radial velocities (section 3.4.3)


def batch_of(spectrum):
    """The batch of a spectrum_key or obsid, known once the checkpoint has written the plan."""
    import pandas

    checkpoints.plan.get()
    survey = pandas.read_parquet(R + "/plan/m_catalog_v0.parquet", columns=["spectrum_key", "obsid", "batch"])
    chosen = survey[(survey["spectrum_key"] == spectrum) | (survey["obsid"].astype(str) == spectrum)]
    if chosen.empty:
        raise ValueError(f"{spectrum} is no spectrum_key or obsid of survey {SURVEY}")
    return chosen["batch"].iloc[0]


localrules:
    rvmm,


rule rvmm:
    input:
        R + "/catalogs/m_catalog_v3.parquet",
        R + "/rv/table7.csv",


rule rv_measure:
    input:
        plan=batch_table,
        spectra=R + "/spectra/{batch}.h5",
        templates=LIBRARY,
    output:
        R + "/rv/measure/{batch}.parquet",
    log:
        R + "/logs/rv_measure/{batch}.log",
    benchmark:
        R + "/benchmarks/rv_measure/{batch}.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
    # what goes on to m_catalog_v2, a table after another, comes first: velocities fill the other cores
    priority: -1
    # two jobs of one thread do more than one of two: a third of a job is its start
    threads: 1
    resources:
        mem_mb=memory(3000),
        runtime=30,
        gpu=gpus("velocity"),
    message:
        "velocities of {wildcards.batch}"
    script:
        "../scripts/rv_measure.py"


rule rv_select:
    input:
        m_catalog=R + "/catalogs/m_catalog_v2.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        measured=per_batch(R + "/rv/measure/{batch}.parquet"),
    output:
        table=R + "/rv/selection.parquet",
        summary=R + "/rv/selection.json",
    log:
        R + "/logs/rv_select.log",
    benchmark:
        R + "/benchmarks/rv_select.tsv"
    params:
        settings=config["rvmm"]["selection"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=20,
    message:
        "LAMOST velocities against TM and DSAL (Fig. 10)"
    script:
        "../scripts/rv_select.py"


rule rv_remeasure:
    input:
        selection=R + "/rv/selection.parquet",
        plan=R + "/plan/plan.parquet",
        spectra=per_batch(R + "/spectra/{batch}.h5"),
        templates=LIBRARY,
    output:
        R + "/rv/remeasure.parquet",
    log:
        R + "/logs/rv_remeasure.log",
    benchmark:
        R + "/benchmarks/rv_remeasure.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
        stores=R + "/spectra",
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
        m_catalog=R + "/catalogs/m_catalog_v2.parquet",
        selection=R + "/rv/selection.parquet",
        remeasured=R + "/rv/remeasure.parquet",
    output:
        R + "/rv/candidates.parquet",
    log:
        R + "/logs/rv_candidates.log",
    benchmark:
        R + "/benchmarks/rv_candidates.tsv"
    params:
        settings=config["rvmm"]["selection"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "review queue rv"
    script:
        "../scripts/rv_candidates.py"


rule rv_apply:
    input:
        m_catalog=R + "/catalogs/m_catalog_v2.parquet",
        candidates=R + "/rv/candidates.parquet",
        decisions=R + "/review/rv/decisions.parquet",
        selection=R + "/rv/selection.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
    output:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        table7=R + "/rv/table7.csv",
        zero_point=R + "/rv/zero_point.json",
    log:
        R + "/logs/rv_apply.log",
    benchmark:
        R + "/benchmarks/rv_apply.tsv"
    params:
        settings=config["rvmm"]["selection"],
        common_kms=config["rvmm"]["tm"]["error_floor_kms"],
        rv=config["catalog"]["rv"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "m_catalog_v3"
    script:
        "../scripts/rv_apply.py"


rule rv_diagnosis:
    input:
        survey=R + "/plan/m_catalog_v0.parquet",
        measured=lambda wildcards: R + f"/rv/measure/{batch_of(wildcards.spectrum)}.parquet",
        spectra=lambda wildcards: R + f"/spectra/{batch_of(wildcards.spectrum)}.h5",
        templates=LIBRARY,
    output:
        R + "/rv/diagnosis/{spectrum}.png",
    log:
        R + "/logs/rv_diagnosis/{spectrum}.log",
    benchmark:
        R + "/benchmarks/rv_diagnosis/{spectrum}.tsv"
    params:
        settings=config["rvmm"],
        sources=config["templates"]["match_sources"],
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=10,
    message:
        "velocities of {wildcards.spectrum}: picture"
    script:
        "../scripts/rv_diagnosis.py"
