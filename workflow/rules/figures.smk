# figures: one rule a figure, with only what it needs; each as vector PDF and as PNG


def figure(name):
    """Output files of a figure; the report shows the picture under its caption."""
    path = R + f"/figures/{name}"
    picture = report(path + ".png", caption=f"../report/{name}.rst", category="Figures", labels={"figure": name})
    return [path + ".pdf", picture]


CONFUSION_TASKS = {"fig03": "spt", "fig04": "wdm", "fig08": "dmgm"}
FIGURES = ["fig06_cmd", "fig13_internal_errors", "fig23_kiel"]
if config["models"]["path"] is None:  # trained on this survey
    FIGURES += [f"{number}_confusion_{task}" for number, task in CONFUSION_TASKS.items()]

FIGURE_FILES = [R + f"/figures/{name}.{suffix}" for name in sorted(FIGURES) for suffix in ("pdf", "png")]


rule figure_confusion:
    input:
        validation=MODELS + "/{task}/validation.parquet",
    output:
        R + "/figures/{number}_confusion_{task}.pdf",
        report(
            R + "/figures/{number}_confusion_{task}.png",
            caption="../report/confusion.rst",
            category="Figures",
            labels={"figure": "{number}_confusion_{task}"},
        ),
    wildcard_constraints:
        number="|".join(CONFUSION_TASKS),
    log:
        R + "/logs/figure_confusion/{number}_{task}.log",
    benchmark:
        R + "/benchmarks/figure_confusion/{number}_{task}.tsv"
    params:
        code=digest("figures/style", "figures/confusion"),
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "figure {wildcards.number}: confusion matrix of {wildcards.task}"
    script:
        "../scripts/figure_confusion.py"


rule figure_cmd:
    input:
        photometry=R + "/crossmatch/photometry.parquet",
    output:
        figure("fig06_cmd"),
    log:
        R + "/logs/figure_cmd/fig06_cmd.log",
    benchmark:
        R + "/benchmarks/figure_cmd/fig06_cmd.tsv"
    params:
        code=digest("figures/style", "figures/diagrams"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
    message:
        "figure 6: colour-magnitude diagram"
    script:
        "../scripts/figure_cmd.py"


rule figure_internal_errors:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("fig13_internal_errors"),
    log:
        R + "/logs/figure_internal_errors/fig13_internal_errors.log",
    benchmark:
        R + "/benchmarks/figure_internal_errors/fig13_internal_errors.tsv"
    params:
        code=digest("figures/style", "figures/parameters"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
    message:
        "figure 13: internal errors"
    script:
        "../scripts/figure_internal_errors.py"


rule figure_kiel:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("fig23_kiel"),
    log:
        R + "/logs/figure_kiel/fig23_kiel.log",
    benchmark:
        R + "/benchmarks/figure_kiel/fig23_kiel.tsv"
    params:
        code=digest("figures/style", "figures/diagrams"),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=5,
    message:
        "figure 23: Kiel diagram"
    script:
        "../scripts/figure_kiel.py"
