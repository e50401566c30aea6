# crossmatch: which star a spectrum is of, and its photometry (section 3.4.1)


rule crossmatch_gaia:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        gaia=external("gaia"),
        distances=external("distances"),
    output:
        "<results>/crossmatch/gaia.parquet",
    log:
        "<logs>/crossmatch_gaia.log",
    benchmark:
        "<benchmarks>/crossmatch_gaia.tsv"
    params:
        settings=config["crossmatch"],
    resources:
        mem_mb=memory(2000, 6),
    message:
        "match with Gaia DR3 and Bailer-Jones distances"
    script:
        "../scripts/crossmatch_gaia.py"


rule crossmatch_allwise:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        allwise=external("allwise"),
    output:
        "<results>/crossmatch/allwise.parquet",
    log:
        "<logs>/crossmatch_allwise.log",
    benchmark:
        "<benchmarks>/crossmatch_allwise.tsv"
    params:
        settings=config["crossmatch"],
    resources:
        mem_mb=memory(2000, 6),
    message:
        "match with AllWISE"
    script:
        "../scripts/crossmatch_allwise.py"


rule crossmatch_apogee:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        apogee=external("apogee"),
    output:
        "<results>/crossmatch/apogee.parquet",
    log:
        "<logs>/crossmatch_apogee.log",
    benchmark:
        "<benchmarks>/crossmatch_apogee.tsv"
    params:
        settings=config["crossmatch"],
    resources:
        mem_mb=memory(2000, 6),
    message:
        "match with APOGEE DR16"
    script:
        "../scripts/crossmatch_apogee.py"


rule photometry:
    input:
        gaia="<results>/crossmatch/gaia.parquet",
        allwise="<results>/crossmatch/allwise.parquet",
        dust_map=external("dust_map"),
    output:
        "<results>/crossmatch/photometry.parquet",
    log:
        "<logs>/photometry.log",
    benchmark:
        "<benchmarks>/photometry.tsv"
    params:
        settings=config["photometry"],
    resources:
        mem_mb=memory(3000, 20),
    message:
        "extinction, CMD and WISE colour"
    script:
        "../scripts/photometry.py"
