# crossmatch: which star a spectrum is of, and its photometry (section 3.4.1); a job for each cell of the sky


include: "crossmatch_inputs.smk"


rule crossmatch_index:
    input:
        lambda wildcards: external(wildcards.catalogue),
    output:
        "<results>/crossmatch/index/{catalogue}.parquet",
    wildcard_constraints:
        catalogue="gaia|distances|allwise|apogee",
    log:
        "<logs>/crossmatch_index/{catalogue}.log",
    benchmark:
        "<benchmarks>/crossmatch_index/{catalogue}.tsv"
    resources:
        mem_mb=memory(2000, 1),
        runtime=minutes(60),
    message:
        "sort {input} by place, so that a cell reads its part alone"
    script:
        "../scripts/crossmatch_index.py"


rule crossmatch_gaia_cell:
    input:
        cells=cell_table,
        gaia=source("gaia"),
        distances=source("distances"),
    output:
        "<results>/crossmatch/gaia/{cell}.parquet",
    log:
        "<logs>/crossmatch_gaia_cell/{cell}.log",
    benchmark:
        "<benchmarks>/crossmatch_gaia_cell/{cell}.tsv"
    params:
        settings=MATCHING,
        digest=cell_digest,
    resources:
        mem_mb=cell_memory,
    message:
        "match cell {wildcards.cell} with Gaia DR3 and Bailer-Jones distances"
    script:
        "../scripts/crossmatch_gaia_cell.py"


rule crossmatch_cell:
    input:
        cells=cell_table,
        gaia="<results>/crossmatch/gaia/{cell}.parquet",
        table=lambda wildcards: source(wildcards.catalogue),
    output:
        "<results>/crossmatch/{catalogue}/{cell}.parquet",
    wildcard_constraints:
        catalogue="allwise|apogee",
    log:
        "<logs>/crossmatch_cell/{catalogue}/{cell}.log",
    benchmark:
        "<benchmarks>/crossmatch_cell/{catalogue}/{cell}.tsv"
    params:
        settings=MATCHING,
        digest=cell_digest,
    resources:
        mem_mb=cell_memory,
    message:
        "match cell {wildcards.cell} with {wildcards.catalogue}"
    script:
        "../scripts/crossmatch_cell.py"


rule crossmatch_gaia:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        facts="<results>/plan/cells.json",
        cells=per_cell("<results>/crossmatch/gaia/{cell}.parquet"),
    output:
        "<results>/crossmatch/gaia.parquet",
    log:
        "<logs>/crossmatch_gaia.log",
    benchmark:
        "<benchmarks>/crossmatch_gaia.tsv"
    params:
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
    resources:
        mem_mb=memory(2000, 6),
    message:
        "the Gaia sources of all cells, and which spectra are of one star"
    script:
        "../scripts/crossmatch_gaia.py"


rule crossmatch_table:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        facts="<results>/plan/cells.json",
        cells=per_cell("<results>/crossmatch/{catalogue}/{cell}.parquet"),
    output:
        "<results>/crossmatch/{catalogue}.parquet",
    wildcard_constraints:
        catalogue="allwise|apogee",
    log:
        "<logs>/crossmatch_table/{catalogue}.log",
    benchmark:
        "<benchmarks>/crossmatch_table/{catalogue}.tsv"
    resources:
        mem_mb=memory(2000, 6),
    message:
        "the matches of all cells with {wildcards.catalogue}"
    script:
        "../scripts/crossmatch_table.py"


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
