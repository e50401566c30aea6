# statistics: the catalogue as a whole, beyond the paper: sky, plates, completeness, repeats, contamination

STATISTICS_FIGURES = expand(
    R + "/figures/{name}.{suffix}",
    name=["sky_map", "plate_maps", "completeness", "repeat_precision", "activity"],
    suffix=["pdf", "png"],
)
STATISTICS_TABLES = expand(R + "/tables/contamination.{suffix}", suffix=TABLE_FORMATS)


def random_decisions(wildcards):
    """The decision files of the random check as they are now."""
    return sorted(str(path) for path in Path("review", SURVEY, "random").glob("*.csv"))


rule figure_sky:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("sky_map", "The catalogue as a whole"),
    log:
        R + "/logs/figure_sky/sky_map.log",
    benchmark:
        R + "/benchmarks/figure_sky/sky_map.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000, 5),
        runtime=minutes(5),
    message:
        "figure: the sky"
    script:
        "../scripts/figure_sky.py"


rule figure_plates:
    input:
        catalog=R + "/catalogs/recommended.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
    output:
        figure("plate_maps", "The catalogue as a whole"),
        plates=R + "/compare/plates.parquet",
        spectrographs=R + "/compare/spectrographs.parquet",
    log:
        R + "/logs/figure_plates/plate_maps.log",
    benchmark:
        R + "/benchmarks/figure_plates/plate_maps.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "figure: systematic differences of plates and spectrographs"
    script:
        "../scripts/figure_plates.py"


rule figure_completeness:
    input:
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        gaia=R + "/crossmatch/gaia.parquet",
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("completeness", "The catalogue as a whole"),
        completeness=R + "/compare/completeness.parquet",
        selection=R + "/compare/selection_function.parquet",
    log:
        R + "/logs/figure_completeness/completeness.log",
    benchmark:
        R + "/benchmarks/figure_completeness/completeness.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "figure: completeness and selection function"
    script:
        "../scripts/figure_completeness.py"


rule figure_precision:
    input:
        catalog=R + "/catalogs/recommended.parquet",
    output:
        figure("repeat_precision", "The catalogue as a whole"),
        table=R + "/compare/repeat_precision.parquet",
    log:
        R + "/logs/figure_precision/repeat_precision.log",
    benchmark:
        R + "/benchmarks/figure_precision/repeat_precision.tsv"
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "figure: precision from repeats"
    script:
        "../scripts/figure_precision.py"


rule figure_indices:
    input:
        extension=R + "/catalogs/extension.parquet",
    output:
        figure("activity", "The catalogue as a whole"),
    log:
        R + "/logs/figure_indices/activity.log",
    benchmark:
        R + "/benchmarks/figure_indices/activity.tsv"
    params:
        zeta=config["catalog"]["zeta"],
    threads: 1
    resources:
        mem_mb=memory(2000, 5),
        runtime=minutes(5),
    message:
        "figure: activity and metallicity classes"
    script:
        "../scripts/figure_indices.py"


rule contamination:
    input:
        classification=R + "/catalogs/classification.parquet",
        m_catalog=R + "/plan/m_catalog_v0.parquet",
        scm=R + "/review/scm/decisions.parquet",
        decisions=random_decisions,
    output:
        table_files("contamination", "contamination"),
        table=R + "/compare/contamination.parquet",
    log:
        R + "/logs/contamination.log",
    benchmark:
        R + "/benchmarks/contamination.tsv"
    params:
        seed=SEED,
        survey=SURVEY,
    threads: 1
    resources:
        mem_mb=memory(2000, 10),
        runtime=minutes(5),
    message:
        "contamination, from the random check"
    script:
        "../scripts/contamination.py"
