# figures of Du et al. 2024


rule figure_golden_band:
    input:
        labels="<results>/golden/labels.parquet",
        bands="<results>/golden/bands.json",
    output:
        du2024("{number}_cmd_{kind}"),
    wildcard_constraints:
        number="fig01|fig02",
    log:
        "<logs>/figure_golden_band/{number}_{kind}.log",
    benchmark:
        "<benchmarks>/figure_golden_band/{number}_{kind}.tsv"
    message:
        "primary sample of {wildcards.kind}"
    script:
        "../../scripts/figure_golden_band.py"


rule figure_golden_offsets:
    input:
        differences="<results>/golden/differences.parquet",
        offsets="<results>/golden/offsets.parquet",
    output:
        du2024("{number}_offsets_{kind}"),
    wildcard_constraints:
        number="fig03|fig04",
    log:
        "<logs>/figure_golden_offsets/{number}_{kind}.log",
    benchmark:
        "<benchmarks>/figure_golden_offsets/{number}_{kind}.tsv"
    message:
        "catalogues beside the reference, {wildcards.kind}"
    script:
        "../../scripts/figure_golden_offsets.py"


rule figure_golden_supplement:
    input:
        "<results>/golden/labels.parquet",
    output:
        du2024("fig05_supplement"),
    log:
        "<logs>/figure_golden_supplement/fig05.log",
    benchmark:
        "<benchmarks>/figure_golden_supplement/fig05.tsv"
    message:
        "the supplement of the golden sample"
    script:
        "../../scripts/figure_golden_supplement.py"


rule figure_golden_clusters:
    input:
        labels="<results>/golden/labels.parquet",
        clusters="<results>/golden/clusters.parquet",
        theory=golden_theory(*GOLDEN_KINDS),
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        du2024("fig06_clusters"),
    log:
        "<logs>/figure_golden_clusters/fig06.log",
    benchmark:
        "<benchmarks>/figure_golden_clusters/fig06.tsv"
    params:
        settings=LASPM["golden"],
    message:
        "clusters of a bin"
    script:
        "../../scripts/figure_golden_clusters.py"


rule figure_golden_loss:
    input:
        "<results>/golden/history.parquet",
    output:
        du2024("fig07_loss"),
    log:
        "<logs>/figure_golden_loss/fig07.log",
    benchmark:
        "<benchmarks>/figure_golden_loss/fig07.tsv"
    message:
        "loss of the cleaning network"
    script:
        "../../scripts/figure_golden_loss.py"


rule figure_golden_test:
    input:
        labels="<results>/golden/labels.parquet",
        fates="<results>/golden/fates.parquet",
    output:
        du2024("fig08_test"),
    log:
        "<logs>/figure_golden_test/fig08.log",
    benchmark:
        "<benchmarks>/figure_golden_test/fig08.tsv"
    message:
        "test of the cleaning network"
    script:
        "../../scripts/figure_golden_test.py"


rule figure_golden_leave_one_out:
    input:
        tables=expand("<results>/models/laspm_{kind}/out_of_fold.parquet", kind=GOLDEN_KINDS),
        library="<results>/training/laspm_library.parquet" if LASPM["library"] != "labelled" else [],
    output:
        du2024("fig09_leave_one_out"),
    log:
        "<logs>/figure_golden_leave_one_out/fig09.log",
    benchmark:
        "<benchmarks>/figure_golden_leave_one_out/fig09.tsv"
    message:
        "members measured without themselves"
    script:
        "../../scripts/figure_golden_leave_one_out.py"


KIEL_TABLES = {
    "fig10_kiel_sample": ("<results>/training/laspm_library.parquet", "golden sample"),
    "fig14_kiel_laspm": ("<results>/parameters/laspm.parquet", "LASPM"),
}


rule figure_golden_kiel:
    input:
        table=lambda wildcards: KIEL_TABLES[wildcards.kiel][0],
        isochrones=lambda wildcards: ISOCHRONES,
    output:
        du2024("{kiel}"),
    wildcard_constraints:
        kiel="|".join(KIEL_TABLES),
    log:
        "<logs>/figure_golden_kiel/{kiel}.log",
    benchmark:
        "<benchmarks>/figure_golden_kiel/{kiel}.tsv"
    params:
        title=lambda wildcards: KIEL_TABLES[wildcards.kiel][1],
    message:
        "Kiel diagram {wildcards.kiel}"
    script:
        "../../scripts/figure_golden_kiel.py"


rule figure_laspm_all_stars:
    input:
        parameters="<results>/parameters/laspm.parquet",
        others=afgk_catalogue,
    output:
        du2024("fig15_kiel_all"),
    log:
        "<logs>/figure_laspm_all_stars/fig15.log",
    benchmark:
        "<benchmarks>/figure_laspm_all_stars/fig15.tsv"
    message:
        "Kiel diagram of all stars"
    script:
        "../../scripts/figure_laspm_all_stars.py"


rule figure_golden_spectra:
    input:
        LASPM_LIBRARY if LASPM["library"] != "labelled" else "<results>/catalogs/golden_sample.fits",
    output:
        du2024("{number}_{sequence}_spectra"),
    wildcard_constraints:
        number="fig11|fig12|fig13",
        sequence="teff|dwarfs_giants|m_h",
    log:
        "<logs>/figure_golden_spectra/{number}_{sequence}.log",
    benchmark:
        "<benchmarks>/figure_golden_spectra/{number}_{sequence}.tsv"
    message:
        "spectra of the golden sample: {wildcards.sequence}"
    script:
        "../../scripts/figure_golden_spectra.py"


rule figure_laspm_repeats:
    input:
        parameters="<results>/parameters/laspm.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        stars="<results>/crossmatch/gaia.parquet",
    output:
        du2024("{number}_repeat_{what}"),
    wildcard_constraints:
        number="fig16|fig17",
        what="errors|deviations",
    log:
        "<logs>/figure_laspm_repeats/{number}_{what}.log",
    benchmark:
        "<benchmarks>/figure_laspm_repeats/{number}_{what}.tsv"
    message:
        "LASPM on repeats: {wildcards.what}"
    script:
        "../../scripts/figure_laspm_repeats.py"


LASPM_BESIDE = {
    "fig18_starhorse": ("starhorse", GOLDEN_KINDS),
    "fig19_aspcap_dM": ("aspcap_dr17", ["dM"]),
    "fig20_aspcap_gM": ("aspcap_dr17", ["gM"]),
}


rule figure_laspm_literature:
    input:
        parameters="<results>/parameters/laspm.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        offsets="<results>/golden/offsets.parquet",
        description=lambda wildcards: catalogue_paths(LASPM_BESIDE[wildcards.beside][0])[0],
        file=lambda wildcards: catalogue_paths(LASPM_BESIDE[wildcards.beside][0])[1],
    output:
        du2024("{beside}"),
    wildcard_constraints:
        beside="|".join(LASPM_BESIDE),
    log:
        "<logs>/figure_laspm_literature/{beside}.log",
    benchmark:
        "<benchmarks>/figure_laspm_literature/{beside}.tsv"
    params:
        catalogue=lambda wildcards: LASPM_BESIDE[wildcards.beside][0],
        kinds=lambda wildcards: LASPM_BESIDE[wildcards.beside][1],
    message:
        "LASPM beside a catalogue: {wildcards.beside}"
    script:
        "../../scripts/figure_laspm_literature.py"


rule table_du2024:
    input:
        labels="<results>/golden/labels.parquet",
        fates="<results>/golden/fates.parquet",
        offsets="<results>/golden/offsets.parquet",
        parameters="<results>/parameters/laspm.parquet",
        held_out=expand("<results>/models/laspm_{kind}/out_of_fold.parquet", kind=GOLDEN_KINDS),
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        descriptions=lambda wildcards: [paths[0] for paths in compared_catalogues().values()],
        files=lambda wildcards: [paths[1] for paths in compared_catalogues().values()],
    output:
        table_files("du2024_comparison", "du2024"),
    log:
        "<logs>/table_du2024.log",
    benchmark:
        "<benchmarks>/table_du2024.tsv"
    params:
        catalogues=lambda wildcards: list(compared_catalogues()),
        survey=SURVEY,
        simulated=SIMULATED,
    message:
        "numbers of Du et al. 2024"
    script:
        "../../scripts/table_du2024.py"
