# bundle: trained models from elsewhere in one file; part of the workflow where models.path is such a file


localrules:
    unpack_models,


rule unpack_models:
    input:
        BORROWED.bundle,
    output:
        [f"{MODELS}/{name}" for name in BORROWED.files],
    log:
        "<logs>/unpack_models.log",
    benchmark:
        "<benchmarks>/unpack_models.tsv"
    message:
        "models of {input}"
    script:
        "../scripts/unpack_models.py"
