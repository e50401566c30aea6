# catalog: the recommended catalogue, the non-M catalogue and the classification of every input spectrum (section 4.1)

import mstars

PRODUCT_FORMATS = ["fits", "vot", "csv", "parquet"]
CATALOG_FILES = [
    *expand(R + "/catalogs/{product}.{ending}", product=["recommended", "non_m", "stars", "extension"], ending=PRODUCT_FORMATS),
    R + "/catalogs/classification.parquet",
]
CDS_PRODUCTS = ["recommended", "non_m", "stars", "extension"]
CDS_FILES = [R + "/catalogs/cds/ReadMe", *expand(R + "/catalogs/cds/{product}.dat", product=CDS_PRODUCTS)]


rule recommended:
    input:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        spectra=R + "/ingest/spectra.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
        parameters=R + f"/parameters/{config['parameters']['engine']}.parquet",
        quality=R + "/quality/quality.parquet",
    output:
        expand(R + "/catalogs/recommended.{ending}", ending=PRODUCT_FORMATS),
    log:
        R + "/logs/recommended.log",
    benchmark:
        R + "/benchmarks/recommended.tsv"
    params:
        with_filename=WITH_FILENAME,
        errors=config["catalog"]["errors"],
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(20),
    message:
        "the recommended catalogue"
    script:
        "../scripts/recommended.py"


rule non_m:
    input:
        v1=R + "/catalogs/non_m_catalog_v1.parquet",
        v2=R + "/catalogs/non_m_catalog_v2.parquet",
        spectra=R + "/ingest/spectra.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        expand(R + "/catalogs/non_m.{ending}", ending=PRODUCT_FORMATS),
    log:
        R + "/logs/non_m.log",
    benchmark:
        R + "/benchmarks/non_m.tsv"
    params:
        with_filename=WITH_FILENAME,
        survey=SURVEY,
    priority: -2
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(20),
    message:
        "the non-M catalogue"
    script:
        "../scripts/non_m.py"


rule classification:
    input:
        m_catalog_v0=R + "/plan/m_catalog_v0.parquet",
        rejected=R + "/ingest/rejected.parquet",
        m_catalog_v2=R + "/catalogs/m_catalog_v2.parquet",
        non_m_v1=R + "/catalogs/non_m_catalog_v1.parquet",
        non_m_v2=R + "/catalogs/non_m_catalog_v2.parquet",
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        R + "/catalogs/classification.parquet",
    log:
        R + "/logs/classification.log",
    benchmark:
        R + "/benchmarks/classification.tsv"
    priority: -2
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(20),
    message:
        "classification of every input spectrum"
    script:
        "../scripts/classification.py"


rule stars:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        expand(R + "/catalogs/stars.{ending}", ending=PRODUCT_FORMATS),
    log:
        R + "/logs/stars.log",
    benchmark:
        R + "/benchmarks/stars.tsv"
    params:
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(20),
    message:
        "the recommended catalogue a star a row"
    script:
        "../scripts/stars.py"


rule indices:
    input:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        spectra=R + "/spectra/{batch}.h5",
    output:
        R + "/indices/{batch}.parquet",
    log:
        R + "/logs/indices/{batch}.log",
    benchmark:
        R + "/benchmarks/indices/{batch}.tsv"
    params:
        calibration=config["catalog"]["zeta"],
    # no product but the extension waits for them
    priority: -1
    threads: 1
    resources:
        mem_mb=memory(1500, 10),
        runtime=minutes(10),
    message:
        "band indices of {wildcards.batch}"
    script:
        "../scripts/indices.py"


rule extension:
    input:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        parameters=R + f"/parameters/{config['parameters']['engine']}.parquet",
        indices=per_batch(R + "/indices/{batch}.parquet"),
    output:
        expand(R + "/catalogs/extension.{ending}", ending=PRODUCT_FORMATS),
    log:
        R + "/logs/extension.log",
    benchmark:
        R + "/benchmarks/extension.tsv"
    params:
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(20),
    message:
        "indices and activity of the recommended spectra"
    script:
        "../scripts/extension.py"


rule cds:
    input:
        products=expand(R + "/catalogs/{product}.parquet", product=CDS_PRODUCTS),
    output:
        readme=CDS_FILES[0],
        tables=CDS_FILES[1:],
    log:
        R + "/logs/cds.log",
    benchmark:
        R + "/benchmarks/cds.tsv"
    params:
        products=CDS_PRODUCTS,
        with_filename=WITH_FILENAME,
        survey=SURVEY,
        simulated=SIMULATED,
        version=mstars.__version__,
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(20),
    message:
        "the catalogues as machine-readable tables with a ReadMe"
    script:
        "../scripts/cds.py"
