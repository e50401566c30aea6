# acquire: catalogues and spectra from their archives, a rule a source; `resources: downloads` limits how many fetch at once


# on the machine where Snakemake runs: nodes of a cluster often have no network
localrules:
    acquire_gaia,
    acquire_allwise,
    acquire_apogee,
    acquire_apogee_dr17,
    acquire_dust,
    acquire_starhorse,
    acquire_vizier,


rule acquire:
    input:
        all_fetched,


rule acquire_gaia:
    input:
        cells=cell_table,
    output:
        table="<results>/archives/gaia/{cell}.parquet",
        manifest="<results>/archives/gaia/{cell}.json",
    log:
        "<logs>/acquire_gaia/{cell}.log",
    benchmark:
        "<benchmarks>/acquire_gaia/{cell}.tsv"
    params:
        tables=config["acquire"]["gaia"],
        patience=PATIENCE,
        settings=MATCHING,
        digest=cell_digest,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "ask for Gaia's sources of cell {wildcards.cell}"
    script:
        "../scripts/acquire_gaia.py"


rule acquire_allwise:
    input:
        cells=cell_table,
        gaia="<results>/crossmatch/gaia/{cell}.parquet",
    output:
        table="<results>/archives/allwise/{cell}.parquet",
        manifest="<results>/archives/allwise/{cell}.json",
    log:
        "<logs>/acquire_allwise/{cell}.log",
    benchmark:
        "<benchmarks>/acquire_allwise/{cell}.tsv"
    params:
        tables=config["acquire"]["allwise"],
        patience=PATIENCE,
        settings=MATCHING,
        digest=cell_digest,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "ask for AllWISE's sources of cell {wildcards.cell}"
    script:
        "../scripts/acquire_allwise.py"


rule acquire_apogee:
    output:
        table=f"<results>/archives/{FILES['apogee']}",
        manifest=f"<results>/archives/{FILES['apogee']}.json",
    log:
        "<logs>/acquire_apogee.log",
    benchmark:
        "<benchmarks>/acquire_apogee.tsv"
    params:
        urls=config["acquire"]["apogee"],
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "fetch APOGEE's allStar"
    script:
        "../scripts/acquire_apogee.py"


rule acquire_apogee_dr17:
    output:
        table=f"<results>/archives/{FILES['apogee_dr17']}",
        description="<results>/archives/aspcap_dr17.yaml",
        manifest=f"<results>/archives/{FILES['apogee_dr17']}.json",
    log:
        "<logs>/acquire_apogee_dr17.log",
    benchmark:
        "<benchmarks>/acquire_apogee_dr17.tsv"
    params:
        urls=config["acquire"]["apogee_dr17"],
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "fetch APOGEE's allStar of DR17"
    script:
        "../scripts/acquire_apogee.py"


rule acquire_starhorse:
    input:
        gaia="<results>/crossmatch/gaia/{cell}.parquet",
    output:
        table="<results>/archives/starhorse/{cell}.parquet",
        manifest="<results>/archives/starhorse/{cell}.json",
    log:
        "<logs>/acquire_starhorse/{cell}.log",
    benchmark:
        "<benchmarks>/acquire_starhorse/{cell}.tsv"
    params:
        tables=config["acquire"]["starhorse"],
        patience=PATIENCE,
        digest=cell_digest,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "ask for StarHorse's parameters of the stars of cell {wildcards.cell}"
    script:
        "../scripts/acquire_starhorse.py"


rule starhorse_table:
    input:
        cells=per_cell("<results>/archives/starhorse/{cell}.parquet"),
        manifests=per_cell("<results>/archives/starhorse/{cell}.json"),
    output:
        table="<results>/archives/starhorse.parquet",
        manifest="<results>/archives/starhorse.parquet.json",
        description="<results>/archives/starhorse.yaml",
    log:
        "<logs>/starhorse_table.log",
    benchmark:
        "<benchmarks>/starhorse_table.tsv"
    resources:
        mem_mb=memory(2000, 2),
    message:
        "StarHorse's parameters of the survey's stars in one table"
    script:
        "../scripts/starhorse_table.py"


rule acquire_dust:
    output:
        dust=f"<results>/archives/{FILES['dust_map']}",
        manifest=f"<results>/archives/{FILES['dust_map']}.json",
    log:
        "<logs>/acquire_dust.log",
    benchmark:
        "<benchmarks>/acquire_dust.tsv"
    params:
        dataverse=config["acquire"]["dataverse"],
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "fetch the dust map Bayestar19"
    script:
        "../scripts/acquire_dust.py"


rule acquire_vizier:
    output:
        table="<results>/archives/vizier/{table}.tsv",
        manifest="<results>/archives/vizier/{table}.tsv.json",
    wildcard_constraints:
        table="|".join(map(re.escape, VIZIER)) or "none",
    log:
        "<logs>/acquire_vizier/{table}.log",
    benchmark:
        "<benchmarks>/acquire_vizier/{table}.tsv"
    params:
        identifier=lambda wildcards: VIZIER[wildcards.table].identifier,
        columns=lambda wildcards: VIZIER[wildcards.table].columns,
        url=config["acquire"]["vizier_url"],
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(240),
    message:
        "fetch {params.identifier} from VizieR"
    script:
        "../scripts/acquire_vizier.py"
