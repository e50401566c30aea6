# dgcm: dwarfs and giants (section 3.4.2)


rule training_set_dmgm:
    input:
        m_catalog="<results>/catalogs/m_catalog_v1.parquet",
        spectra="<results>/ingest/spectra.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        table="<results>/training/dmgm.parquet",
        summary="<results>/training/dmgm.json",
    log:
        "<logs>/training_set_dmgm.log",
    benchmark:
        "<benchmarks>/training_set_dmgm.tsv"
    params:
        settings=without_networks("dgcm"),
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "training set dmgm"
    script:
        "../scripts/training_set_dmgm.py"


rule dgcm_candidates:
    input:
        m_catalog="<results>/catalogs/m_catalog_v1.parquet",
        dmgm=per_batch("<results>/predictions/dmgm/{batch}.parquet"),
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        "<results>/dgcm/candidates.parquet",
    log:
        "<logs>/dgcm_candidates.log",
    benchmark:
        "<benchmarks>/dgcm_candidates.tsv"
    params:
        snr_min=config["dgcm"]["snr_min"],
    resources:
        mem_mb=memory(4000),
    message:
        "DGCM candidates"
    script:
        "../scripts/dgcm_candidates.py"


rule dgcm_apply:
    input:
        m_catalog="<results>/catalogs/m_catalog_v1.parquet",
        dmgm=per_batch("<results>/predictions/dmgm/{batch}.parquet"),
        candidates="<results>/dgcm/candidates.parquet",
        decisions="<results>/review/dgcm/decisions.parquet",
        checked="<results>/review/random/decisions.parquet",
    output:
        m_catalog="<results>/catalogs/m_catalog_v2.parquet",
        non_m="<results>/catalogs/non_m_catalog_v2.parquet",
    log:
        "<logs>/dgcm_apply.log",
    benchmark:
        "<benchmarks>/dgcm_apply.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "m_catalog_v2 and non_m_catalog_v2"
    script:
        "../scripts/dgcm_apply.py"


rule random_candidates:
    input:
        m_catalog="<results>/catalogs/m_catalog_v1.parquet",
        candidates="<results>/dgcm/candidates.parquet",
        dmgm=per_batch("<results>/predictions/dmgm/{batch}.parquet"),
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        "<results>/random/candidates.parquet",
    log:
        "<logs>/random_candidates.log",
    benchmark:
        "<benchmarks>/random_candidates.tsv"
    params:
        size=config["review"]["random_check"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "spectra taken as dM, for the random check"
    script:
        "../scripts/random_candidates.py"
