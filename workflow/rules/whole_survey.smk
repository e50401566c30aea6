# whole_survey: the catalogue as a whole, beyond the paper: sky, plates, completeness, repeats, contamination

SURVEY_FIGURES = expand(
    "<results>/figures/{name}.{suffix}",
    name=["sky_map", "plate_maps", "completeness", "repeat_precision", "activity"],
    suffix=FIGURE_FORMATS,
)
SURVEY_TABLES = expand("<results>/tables/contamination.{suffix}", suffix=TABLE_FORMATS)


rule figure_sky:
    input:
        catalog="<results>/catalogs/recommended.parquet",
    output:
        figure("sky_map", "The catalogue as a whole"),
    log:
        "<logs>/figure_sky/sky_map.log",
    benchmark:
        "<benchmarks>/figure_sky/sky_map.tsv"
    resources:
        mem_mb=memory(2000, 5),
    message:
        "figure: the sky"
    script:
        "../scripts/figure_sky.py"


rule figure_plates:
    input:
        catalog="<results>/catalogs/recommended.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
    output:
        figure("plate_maps", "The catalogue as a whole"),
        plates="<results>/compare/plates.parquet",
        spectrographs="<results>/compare/spectrographs.parquet",
    log:
        "<logs>/figure_plates/plate_maps.log",
    benchmark:
        "<benchmarks>/figure_plates/plate_maps.tsv"
    resources:
        mem_mb=memory(2000, 10),
    message:
        "figure: systematic differences of plates and spectrographs"
    script:
        "../scripts/figure_plates.py"


rule figure_completeness:
    input:
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        catalog="<results>/catalogs/recommended.parquet",
    output:
        figure("completeness", "The catalogue as a whole"),
        completeness="<results>/compare/completeness.parquet",
        selection="<results>/compare/selection_function.parquet",
    log:
        "<logs>/figure_completeness/completeness.log",
    benchmark:
        "<benchmarks>/figure_completeness/completeness.tsv"
    resources:
        mem_mb=memory(2000, 10),
    message:
        "figure: completeness and selection function"
    script:
        "../scripts/figure_completeness.py"


rule figure_precision:
    input:
        catalog="<results>/catalogs/recommended.parquet",
    output:
        figure("repeat_precision", "The catalogue as a whole"),
        table="<results>/compare/repeat_precision.parquet",
    log:
        "<logs>/figure_precision/repeat_precision.log",
    benchmark:
        "<benchmarks>/figure_precision/repeat_precision.tsv"
    resources:
        mem_mb=memory(2000, 10),
    message:
        "figure: precision from repeats"
    script:
        "../scripts/figure_precision.py"


rule figure_indices:
    input:
        extension="<results>/catalogs/extension.parquet",
    output:
        figure("activity", "The catalogue as a whole"),
    log:
        "<logs>/figure_indices/activity.log",
    benchmark:
        "<benchmarks>/figure_indices/activity.tsv"
    params:
        zeta=config["catalog"]["zeta"],
    resources:
        mem_mb=memory(2000, 5),
    message:
        "figure: activity and metallicity classes"
    script:
        "../scripts/figure_indices.py"


rule contamination:
    input:
        classification="<results>/catalogs/classification.parquet",
        m_catalog="<results>/plan/m_catalog_v0.parquet",
        scm="<results>/review/scm/decisions.parquet",
        decisions=decision_files("random"),
    output:
        table_files("contamination", "contamination"),
        table="<results>/compare/contamination.parquet",
    log:
        "<logs>/contamination.log",
    benchmark:
        "<benchmarks>/contamination.tsv"
    params:
        seed=SEED,
        survey=SURVEY,
    resources:
        mem_mb=memory(2000, 10),
    message:
        "contamination, from the random check"
    script:
        "../scripts/contamination.py"
