# laspm: the golden sample, and the library that its match needs (docs/engines/laspm.md)


include: "laspm_inputs.smk"


rule golden_labels:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        spectra="<results>/ingest/spectra.parquet",
        descriptions=golden_files(0),
        catalogues=golden_files(1),
        lists=[*LASPM["golden"]["selection"]["binaries"], *LASPM["golden"]["selection"]["variables"]],
    output:
        table="<results>/golden/labels.parquet",
        offsets="<results>/golden/offsets.parquet",
        differences="<results>/golden/differences.parquet",
        bands="<results>/golden/bands.json",
    log:
        "<logs>/golden_labels/golden_labels.log",
    benchmark:
        "<benchmarks>/golden_labels/golden_labels.tsv"
    params:
        settings=LASPM["golden"],
        names=lambda wildcards: list(golden_catalogues()),
    resources:
        mem_mb=memory(4000),
    message:
        "golden sample: candidates and their labels"
    script:
        "../../scripts/golden_labels.py"


rule golden_clusters:
    input:
        labels="<results>/golden/labels.parquet",
        theory=golden_theory(*GOLDEN_KINDS),
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        table="<results>/golden/clusters.parquet",
        queue="<results>/golden/candidates.parquet",
    log:
        "<logs>/golden_clusters/golden_clusters.log",
    benchmark:
        "<benchmarks>/golden_clusters/golden_clusters.tsv"
    params:
        settings=LASPM["golden"],
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "golden sample: clusters of spectra"
    script:
        "../../scripts/golden_clusters.py"


rule golden_sample:
    input:
        labels="<results>/golden/labels.parquet",
        clusters="<results>/golden/clusters.parquet",
        decisions="<results>/review/golden/decisions.parquet",
        offsets="<results>/golden/offsets.parquet",
        theory=golden_theory(*GOLDEN_KINDS),
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        sample="<results>/catalogs/golden_sample.fits",
        fates="<results>/golden/fates.parquet",
        history="<results>/golden/history.parquet",
        rounds="<results>/golden/rounds.parquet",
    log:
        "<logs>/golden_sample/golden_sample.log",
    benchmark:
        "<benchmarks>/golden_sample/golden_sample.tsv"
    params:
        settings=LASPM["golden"],
        least=LASPM["min_labelled"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
        runtime=120,
    message:
        "golden sample: double-lined spectra, network, product"
    script:
        "../../scripts/golden_sample.py"


rule laspm_library:
    input:
        LASPM_LIBRARY if LASPM["library"] != "labelled" else [],
    output:
        table="<results>/training/laspm_library.parquet",
        store="<results>/training/laspm_library.h5",
    log:
        "<logs>/laspm_library/laspm_library.log",
    benchmark:
        "<benchmarks>/laspm_library/laspm_library.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "library of LASPM"
    script:
        "../../scripts/laspm_library.py"


use rule engine_inputs as laspm_inputs with:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        stores=lambda wildcards: [
            *per_batch("<results>/spectra/{batch}.h5")(wildcards),
            *(["<results>/training/laspm_library.h5"] if LASPM["library"] != "labelled" else []),
        ],
    wildcard_constraints:
        model="laspm",
    log:
        "<logs>/laspm_inputs/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/laspm_inputs/{model}_{kind}.tsv"
    message:
        "spectra of {wildcards.model}_{wildcards.kind}"


include: "laspm_figures.smk"
