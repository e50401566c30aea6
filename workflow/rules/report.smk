# report: where the results come from, and the page of a survey

INDEX_FILES = ["<results>/index.html"]


rule provenance:
    input:
        plan="<results>/plan/plan.parquet",
        files=run_inputs,
    output:
        "<results>/provenance.json",
    log:
        "<logs>/provenance.log",
    benchmark:
        "<benchmarks>/provenance.tsv"
    resources:
        runtime=minutes(10, 0.001),
    message:
        "where the results come from"
    script:
        "../scripts/provenance.py"


rule index_page:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        classification="<results>/catalogs/classification.parquet",
        zero_point="<results>/rv/zero_point.json",
        figures=[*FIGURE_FILES, *paper_files("paper", FIGURE_FORMATS)],
        statistics=SURVEY_FIGURES,
        tables=[*PAPER_TABLES, *SURVEY_TABLES, "<results>/compare/comparison.html", "<results>/compare/comparison.md"],
        files=[*CATALOG_FILES, *CDS_FILES],
        scorecard=VALIDATION_FILES,
        recipes=[path for path in [f"{R}/validation/recipes.csv"] if Path(path).is_file()],
        provenance="<results>/provenance.json",
    output:
        INDEX_FILES,
    log:
        "<logs>/index_page.log",
    benchmark:
        "<benchmarks>/index_page.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
    message:
        "the page of survey {params.survey}"
    script:
        "../scripts/index_page.py"
