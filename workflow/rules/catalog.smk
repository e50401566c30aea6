# catalog: the recommended catalogue, the non-M catalogue and the classification of every input spectrum (section 4.1)

PRODUCT_FORMATS = ["fits", "vot", "csv", "parquet"]
CATALOG_FILES = [
    *expand("<results>/catalogs/{product}.{ending}", product=["recommended", "non_m", "stars", "extension"], ending=PRODUCT_FORMATS),
    "<results>/catalogs/classification.parquet",
]
CDS_PRODUCTS = ["recommended", "non_m", "stars", "extension"]
CDS_FILES = ["<results>/catalogs/cds/ReadMe", *expand("<results>/catalogs/cds/{product}.dat", product=CDS_PRODUCTS)]


rule recommended:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        spectra="<results>/ingest/spectra.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        parameters=f"<results>/parameters/{config['parameters']['engine']}.parquet",
        quality="<results>/quality/quality.parquet",
    output:
        expand("<results>/catalogs/recommended.{ending}", ending=PRODUCT_FORMATS),
    log:
        "<logs>/recommended.log",
    benchmark:
        "<benchmarks>/recommended.tsv"
    params:
        with_filename=WITH_FILENAME,
        errors=config["catalog"]["errors"],
        survey=SURVEY,
    resources:
        mem_mb=memory(2000, 20),
    message:
        "the recommended catalogue"
    script:
        "../scripts/recommended.py"


rule non_m:
    input:
        v1="<results>/catalogs/non_m_catalog_v1.parquet",
        v2="<results>/catalogs/non_m_catalog_v2.parquet",
        spectra="<results>/ingest/spectra.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        expand("<results>/catalogs/non_m.{ending}", ending=PRODUCT_FORMATS),
    log:
        "<logs>/non_m.log",
    benchmark:
        "<benchmarks>/non_m.tsv"
    params:
        with_filename=WITH_FILENAME,
        survey=SURVEY,
    priority: -2
    resources:
        mem_mb=memory(2000, 20),
    message:
        "the non-M catalogue"
    script:
        "../scripts/non_m.py"


rule classification:
    input:
        m_catalog_v0="<results>/plan/m_catalog_v0.parquet",
        rejected="<results>/ingest/rejected.parquet",
        m_catalog_v2="<results>/catalogs/m_catalog_v2.parquet",
        non_m_v1="<results>/catalogs/non_m_catalog_v1.parquet",
        non_m_v2="<results>/catalogs/non_m_catalog_v2.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        "<results>/catalogs/classification.parquet",
    log:
        "<logs>/classification.log",
    benchmark:
        "<benchmarks>/classification.tsv"
    priority: -2
    resources:
        mem_mb=memory(2000, 10),
    message:
        "classification of every input spectrum"
    script:
        "../scripts/classification.py"


rule stars:
    input:
        catalog="<results>/catalogs/recommended.parquet",
    output:
        expand("<results>/catalogs/stars.{ending}", ending=PRODUCT_FORMATS),
    log:
        "<logs>/stars.log",
    benchmark:
        "<benchmarks>/stars.tsv"
    params:
        survey=SURVEY,
    resources:
        mem_mb=memory(2000, 20),
    message:
        "the recommended catalogue a star a row"
    script:
        "../scripts/stars.py"


rule indices:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        spectra="<results>/spectra/{batch}.h5",
    output:
        "<results>/indices/{batch}.parquet",
    log:
        "<logs>/indices/{batch}.log",
    benchmark:
        "<benchmarks>/indices/{batch}.tsv"
    params:
        calibration=config["catalog"]["zeta"],
    # no product but the extension waits for them
    priority: -1
    resources:
        mem_mb=memory(1500, 10),
    message:
        "band indices of {wildcards.batch}"
    script:
        "../scripts/indices.py"


rule extension:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        parameters=f"<results>/parameters/{config['parameters']['engine']}.parquet",
        indices=per_batch("<results>/indices/{batch}.parquet"),
    output:
        expand("<results>/catalogs/extension.{ending}", ending=PRODUCT_FORMATS),
    log:
        "<logs>/extension.log",
    benchmark:
        "<benchmarks>/extension.tsv"
    params:
        survey=SURVEY,
    resources:
        mem_mb=memory(2000, 20),
    message:
        "indices and activity of the recommended spectra"
    script:
        "../scripts/extension.py"


rule cds:
    input:
        products=expand("<results>/catalogs/{product}.parquet", product=CDS_PRODUCTS),
    output:
        readme=CDS_FILES[0],
        tables=CDS_FILES[1:],
    log:
        "<logs>/cds.log",
    benchmark:
        "<benchmarks>/cds.tsv"
    params:
        products=CDS_PRODUCTS,
        with_filename=WITH_FILENAME,
        survey=SURVEY,
        simulated=SIMULATED,
    resources:
        mem_mb=memory(2000, 20),
    message:
        "the catalogues as machine-readable tables with a ReadMe"
    script:
        "../scripts/cds.py"
