# spmm: stellar parameters (section 3.4.4) by the engines of engines/, and which are recommended (section 4.1)


include: "engines/common.smk"


TABLE_FILES = [R + "/tables/baselines.csv"] if "cnn" in ENGINES and not BORROWED else []


rule quality:
    input:
        m_catalog=R + "/catalogs/m_catalog_v3.parquet",
        parameter_flags=R + f"/quality/{ENGINE}.parquet",
        summary=R + f"/quality/{ENGINE}.json",
    output:
        table=R + "/quality/quality.parquet",
        fits=R + "/quality/error_fits.json",
        ranges=R + "/quality/ranges.json",
    log:
        R + "/logs/quality.log",
    benchmark:
        R + "/benchmarks/quality.tsv"
    params:
        rv_cut=config["quality"]["rv_cut"],
    threads: 1
    resources:
        mem_mb=memory(4000),
        runtime=10,
    message:
        "rv_flag and parameter_flag"
    script:
        "../scripts/quality.py"


rule models:
    input:
        expand(MODELS + "/{task}/weights.safetensors", task=["spt", "wdm", "dmgm"]),
        [
            f"{MODELS}/{ENGINE_INFOS[name].stem}_{kind}/{file}"
            for name in ENGINES
            for kind in ENGINE_INFOS[name].kinds
            for file in [*(f"{part}/weights.safetensors" for part in ENGINE_PARTS[name]), "calibration.json"]
        ],
        MODELS + "/ood/basis.safetensors",
    output:
        R + "/models.tar.gz",
    log:
        R + "/logs/models.log",
    benchmark:
        R + "/benchmarks/models.tsv"
    params:
        folder=MODELS,
        licence=str(Path(workflow.basedir) / "LICENSE"),
        survey=SURVEY,
        kind=KIND,
    threads: 1
    resources:
        mem_mb=memory(1000),
        runtime=10,
    message:
        "bundle of the trained models"
    script:
        "../scripts/pack_models.py"
