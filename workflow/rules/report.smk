# report: where the results come from, and the page of a survey

INDEX_FILES = [R + "/index.html"]


def run_inputs(wildcards):
    """What a run reads that it hasn't made: tables, maps, the template library, people's decisions; and the plan."""
    files = [*PLAN_INPUT, LIBRARY, R + "/plan/batches.json"]
    files += [path for path in EXTERNAL.values() if path]
    files += [path for pair in LITERATURE.values() for path in pair]
    files += [config["compare"][name] for name in ("binaries", "clusters") if config["compare"][name]]
    return sorted({*files, *map(str, Path("review", SURVEY).glob("*/*.csv"))})


rule provenance:
    input:
        plan=R + "/plan/plan.parquet",
        files=run_inputs,
    output:
        R + "/provenance.json",
    log:
        R + "/logs/provenance.log",
    benchmark:
        R + "/benchmarks/provenance.tsv"
    params:
        source=str(workflow.basedir),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=minutes(10, 0.001),
    message:
        "where the results come from"
    script:
        "../scripts/provenance.py"


rule index_page:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        non_m=expand(R + "/catalogs/non_m_catalog_v{number}.parquet", number=[1, 2]),
        rejected=R + "/ingest/rejected.parquet",
        figures=[*FIGURE_FILES, *product_files("paper", ["pdf", "png"])],
        statistics=STATISTICS_FIGURES,
        tables=[*PAPER_TABLES, *STATISTICS_TABLES, R + "/compare/comparison.html", R + "/compare/comparison.md"],
        files=[*CATALOG_FILES, *CDS_FILES],
        scorecard=VALIDATION_FILES,
        provenance=R + "/provenance.json",
    output:
        INDEX_FILES,
    log:
        R + "/logs/index_page.log",
    benchmark:
        R + "/benchmarks/index_page.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
        captions=str(Path(workflow.basedir) / "workflow" / "report"),
    threads: 1
    resources:
        mem_mb=memory(2000),
        runtime=5,
    message:
        "the page of survey {params.survey}"
    script:
        "../scripts/index_page.py"
