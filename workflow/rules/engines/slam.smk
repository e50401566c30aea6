# slam: SLAM (Li et al. 2021) searches the hyper-parameters once for all parts, and trains a second model on a theory grid


include: "slam_inputs.smk"


rule slam_search:
    input:
        table="<results>/training/slam_{kind}.parquet",
        summary="<results>/training/slam_{kind}.json",
        spectra="<results>/training/slam_{kind}.inputs",
    output:
        search="<results>/models/slam_{kind}/search/search.json",
        arrays="<results>/models/slam_{kind}/search/search.safetensors",
        triples="<results>/models/slam_{kind}/search/triples.csv",
        stars="<results>/models/slam_{kind}/search/cv.parquet",
    log:
        "<logs>/slam_search/{kind}.log",
    benchmark:
        "<benchmarks>/slam_search/{kind}.tsv"
    params:
        settings=ENGINE_SETTINGS["slam"],
    resources:
        mem_mb=memory(4000),
        runtime=240,
    message:
        "SLAM: hyper-parameters of each pixel, cross-validation"
    script:
        "../../scripts/slam_search.py"


use rule engine_train as slam_train with:
    input:
        table="<results>/training/{model}_{kind}.parquet",
        summary="<results>/training/{model}_{kind}.json",
        spectra="<results>/training/{model}_{kind}.inputs",
        search="<results>/models/{model}_{kind}/search/search.json",
        arrays="<results>/models/{model}_{kind}/search/search.safetensors",
        theory=lambda wildcards: SLAM_THEORY if SLAM_THEORY and wildcards.part == "all" else [],
    wildcard_constraints:
        model="slam",
        part=r"fold\d+|all",
    log:
        "<logs>/slam_train/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/slam_train/{model}_{kind}_{part}.tsv"
    params:
        engine="slam",
        settings={**ENGINE_SETTINGS["slam"], "theory": SLAM_THEORY},
        seed=SEED,
        survey=SURVEY,
        trained_on=KIND,
    message:
        "train SLAM {wildcards.kind}, {wildcards.part}"


SLAM_CATALOGS = ["b20", "tess", "galgano2020"]
SLAM_GROUPS = SIMULATED and config["simulate"]["groups"]


SLAM_BESIDE = {
    "sample": "<results>/compare/slam_sample.parquet",
    "m_catalog": "<results>/catalogs/m_catalog_v3.parquet",
    "photometry": "<results>/crossmatch/photometry.parquet",
    "clusters": slam_group("clusters", "clusters"),
    "metallicities": slam_group("cluster_metallicities", None),
    "binaries": slam_group("binaries", "binaries"),
}
SLAM_SEARCH = {
    "search": f"{MODELS}/slam_dM/search/search.json",
    "arrays": f"{MODELS}/slam_dM/search/search.safetensors",
    "stars": f"{MODELS}/slam_dM/search/cv.parquet",
    "weights": f"{MODELS}/slam_dM/all/weights.safetensors",
}


rule slam_sample:
    input:
        parameters="<results>/parameters/slam.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
        apogee="<results>/crossmatch/apogee.parquet",
        descriptions=lambda wildcards: list(slam_descriptions(wildcards).values()),
    output:
        "<results>/compare/slam_sample.parquet",
    log:
        "<logs>/slam_sample.log",
    benchmark:
        "<benchmarks>/slam_sample.tsv"
    params:
        catalogs=lambda wildcards: list(slam_descriptions(wildcards)),
    resources:
        mem_mb=memory(4000),
    message:
        "spectra of Li et al. 2021's figures and tables"
    script:
        "../../scripts/slam_sample.py"


rule figure_slam:
    input:
        **SLAM_BESIDE,
        **SLAM_SEARCH,
    output:
        figure("li2021/{number}_{name}", "Li et al. 2021", caption="slam"),
    wildcard_constraints:
        number=r"fig\d\d",
    log:
        "<logs>/figure_slam/{number}_{name}.log",
    benchmark:
        "<benchmarks>/figure_slam/{number}_{name}.tsv"
    message:
        "Li et al. 2021, {wildcards.number}: {wildcards.name}"
    script:
        "../../scripts/figure_slam.py"


rule table_slam:
    input:
        **SLAM_BESIDE,
        **SLAM_SEARCH,
    output:
        table_files("li2021/{name}", "slam"),
    wildcard_constraints:
        name=r"tab\d\d_\w+|numbers",
    log:
        "<logs>/table_slam/{name}.log",
    benchmark:
        "<benchmarks>/table_slam/{name}.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
    message:
        "Li et al. 2021: {wildcards.name}"
    script:
        "../../scripts/table_slam.py"
