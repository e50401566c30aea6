# crossmatch: which star a spectrum is of, and its photometry (section 3.4.1)


rule crossmatch_gaia:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        gaia=external("gaia"),
        distances=external("distances"),
    output:
        R + "/crossmatch/gaia.parquet",
    log:
        R + "/logs/crossmatch_gaia.log",
    benchmark:
        R + "/benchmarks/crossmatch_gaia.tsv"
    params:
        settings=config["crossmatch"],
    threads: 1
    resources:
        mem_mb=memory(2000, 6),
        runtime=minutes(30),
    message:
        "match with Gaia DR3 and Bailer-Jones distances"
    script:
        "../scripts/crossmatch_gaia.py"


rule crossmatch_allwise:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        allwise=external("allwise"),
    output:
        R + "/crossmatch/allwise.parquet",
    log:
        R + "/logs/crossmatch_allwise.log",
    benchmark:
        R + "/benchmarks/crossmatch_allwise.tsv"
    params:
        settings=config["crossmatch"],
    threads: 1
    resources:
        mem_mb=memory(2000, 6),
        runtime=minutes(30),
    message:
        "match with AllWISE"
    script:
        "../scripts/crossmatch_allwise.py"


rule crossmatch_apogee:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        apogee=external("apogee"),
    output:
        R + "/crossmatch/apogee.parquet",
    log:
        R + "/logs/crossmatch_apogee.log",
    benchmark:
        R + "/benchmarks/crossmatch_apogee.tsv"
    params:
        settings=config["crossmatch"],
    threads: 1
    resources:
        mem_mb=memory(2000, 6),
        runtime=minutes(30),
    message:
        "match with APOGEE DR16"
    script:
        "../scripts/crossmatch_apogee.py"


rule photometry:
    input:
        gaia=R + "/crossmatch/gaia.parquet",
        allwise=R + "/crossmatch/allwise.parquet",
        dust_map=external("dust_map"),
    output:
        R + "/crossmatch/photometry.parquet",
    log:
        R + "/logs/photometry.log",
    benchmark:
        R + "/benchmarks/photometry.tsv"
    params:
        settings=config["photometry"],
    threads: 1
    resources:
        mem_mb=memory(3000, 20),
        runtime=minutes(30),
    message:
        "extinction, CMD and WISE colour"
    script:
        "../scripts/photometry.py"
