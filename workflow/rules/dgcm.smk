# dgcm: dwarfs and giants (section 3.4.2)


rule training_set_dmgm:
    input:
        m_catalog=R + "/catalogs/m_catalog_v1.parquet",
        spectra=R + "/ingest/spectra.parquet",
        stars=R + "/crossmatch/gaia.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        table=R + "/training/dmgm.parquet",
        summary=R + "/training/dmgm.json",
    log:
        R + "/logs/training_set_dmgm.log",
    benchmark:
        R + "/benchmarks/training_set_dmgm.tsv"
    params:
        settings=without_networks("dgcm"),
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=30,
    message:
        "training set dmgm"
    script:
        "../scripts/training_set_dmgm.py"


rule dgcm_candidates:
    input:
        m_catalog=R + "/catalogs/m_catalog_v1.parquet",
        dmgm=per_batch(R + "/predictions/dmgm/{batch}.parquet"),
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        R + "/dgcm/candidates.parquet",
    log:
        R + "/logs/dgcm_candidates.log",
    benchmark:
        R + "/benchmarks/dgcm_candidates.tsv"
    params:
        snr_min=config["dgcm"]["snr_min"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "DGCM candidates"
    script:
        "../scripts/dgcm_candidates.py"


rule dgcm_apply:
    input:
        m_catalog=R + "/catalogs/m_catalog_v1.parquet",
        dmgm=per_batch(R + "/predictions/dmgm/{batch}.parquet"),
        candidates=R + "/dgcm/candidates.parquet",
        decisions=R + "/review/dgcm/decisions.parquet",
        checked=R + "/review/random/decisions.parquet",
    output:
        m_catalog=R + "/catalogs/m_catalog_v2.parquet",
        non_m=R + "/catalogs/non_m_catalog_v2.parquet",
    log:
        R + "/logs/dgcm_apply.log",
    benchmark:
        R + "/benchmarks/dgcm_apply.tsv"
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "m_catalog_v2 and non_m_catalog_v2"
    script:
        "../scripts/dgcm_apply.py"


rule random_candidates:
    input:
        m_catalog=R + "/catalogs/m_catalog_v1.parquet",
        candidates=R + "/dgcm/candidates.parquet",
        dmgm=per_batch(R + "/predictions/dmgm/{batch}.parquet"),
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        R + "/random/candidates.parquet",
    log:
        R + "/logs/random_candidates.log",
    benchmark:
        R + "/benchmarks/random_candidates.tsv"
    params:
        size=config["review"]["random_check"],
        seed=SEED,
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "spectra taken as dM, for the random check"
    script:
        "../scripts/random_candidates.py"
