# spmm: stellar parameters (section 3.4.4) by the engines of engines/, and which are recommended (section 4.1)


include: "engines/common.smk"


TABLE_FILES = ["<results>/tables/baselines.csv"] if "cnn" in ENGINES and not BORROWED else []


rule quality:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        parameter_flags=f"<results>/quality/{ENGINE}.parquet",
        summary=f"<results>/quality/{ENGINE}.json",
        spectra="<results>/ingest/spectra.parquet",
    output:
        table="<results>/quality/quality.parquet",
        fits="<results>/quality/error_fits.json",
        ranges="<results>/quality/ranges.json",
    log:
        "<logs>/quality.log",
    benchmark:
        "<benchmarks>/quality.tsv"
    params:
        rv_cut=config["quality"]["rv_cut"],
    resources:
        mem_mb=memory(4000),
    message:
        "rv_flag and parameter_flag"
    script:
        "../scripts/quality.py"


rule models:
    input:
        expand("<models>/{task}/weights.safetensors", task=["spt", "wdm", "dmgm"]),
        [
            f"<models>/{ENGINE_INFOS[name].stem}_{kind}/{file}"
            for name in ENGINES
            for kind in ENGINE_INFOS[name].kinds
            for file in [*(f"{part}/weights.safetensors" for part in ENGINE_PARTS[name]), "calibration.json"]
        ],
        outliers="<models>/ood/basis.safetensors",
    output:
        "<results>/models.tar.gz",
    log:
        "<logs>/models.log",
    benchmark:
        "<benchmarks>/models.tsv"
    params:
        survey=SURVEY,
        kind=KIND,
    message:
        "bundle of the trained models"
    script:
        "../scripts/models.py"
