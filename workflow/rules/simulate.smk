# a survey whose truth is known, written as LAMOST writes its files; only for survey.kind: simulated
from mstars.simulate.sizes import check_sources, parts

check_sources(
    config["simulate"]["make_sources"],
    config["templates"]["match_sources"],
    config["simulate"]["allow_same_sources"],
)
PARTS = parts(config["simulate"]["size"])


rule simulate_plan:
    output:
        "<sim>/plan.parquet",
    log:
        "<logs>/simulate_plan/simulate_plan.log",
    benchmark:
        "<benchmarks>/simulate_plan/simulate_plan.tsv"
    params:
        seed=SEED,
        size=config["simulate"]["size"],
        groups=config["simulate"]["groups"],
    message:
        "Planning a simulated survey of size {params.size}"
    script:
        "../scripts/simulate_plan.py"


rule simulate_plates:
    input:
        plan="<sim>/plan.parquet",
        library=LIBRARY,
    output:
        "<sim>/plates/{part}.parquet",
    log:
        "<logs>/simulate_plates/{part}.log",
    benchmark:
        "<benchmarks>/simulate_plates/{part}.tsv"
    params:
        seed=SEED,
        sources=config["simulate"]["make_sources"],
        fits=f"{SIM}/fits",
        plates=lambda wildcards: PARTS[wildcards.part],
    message:
        "Simulating {params.plates}"
    script:
        "../scripts/simulate_plates.py"


rule simulate_catalogs:
    input:
        plan="<sim>/plan.parquet",
        plates=expand("<sim>/plates/{part}.parquet", part=PARTS),
    output:
        lamost=expand("<sim>/catalogs/lamost_{name}.fits.gz", name=["m", "general", "afgk", "wd"]),
        external=expand(
            "<sim>/catalogs/{name}.fits",
            name=["gaia_dr3", "bailer_jones", "allwise", "apogee_dr16"],
        ),
        dust="<sim>/dust/bayestar.h5",
        truth="<sim>/truth.parquet",
        simulation="<sim>/simulation.json",
    log:
        "<logs>/simulate_catalogs/simulate_catalogs.log",
    benchmark:
        "<benchmarks>/simulate_catalogs/simulate_catalogs.tsv"
    params:
        seed=SEED,
        size=config["simulate"]["size"],
        make_sources=config["simulate"]["make_sources"],
        match_sources=config["templates"]["match_sources"],
    message:
        "Writing the catalogues of the simulated survey"
    script:
        "../scripts/simulate_catalogs.py"


rule simulate_literature:
    input:
        truth="<sim>/truth.parquet",
    output:
        table="<sim>/literature/{catalog}.csv",
        description="<sim>/literature/{catalog}.yaml",
    log:
        "<logs>/simulate_literature/{catalog}.log",
    benchmark:
        "<benchmarks>/simulate_literature/{catalog}.tsv"
    params:
        seed=SEED,
    message:
        "Simulating the literature catalogue {wildcards.catalog}"
    script:
        "../scripts/simulate_literature.py"


rule simulate_theory:
    input:
        library=LIBRARY,
    output:
        "<sim>/theory.h5",
    log:
        "<logs>/simulate_theory/simulate_theory.log",
    benchmark:
        "<benchmarks>/simulate_theory/simulate_theory.tsv"
    params:
        sources=config["simulate"]["make_sources"],
        gap=config["simulate"]["theory_gap"],
    message:
        "A theory grid of the simulated dwarfs"
    script:
        "../scripts/simulate_theory.py"


rule simulate_seds:
    input:
        library=LIBRARY,
    output:
        "<sim>/sed_{kind}.h5",
    log:
        "<logs>/simulate_seds/{kind}.log",
    benchmark:
        "<benchmarks>/simulate_seds/{kind}.tsv"
    params:
        sources=config["simulate"]["make_sources"],
        gap=config["simulate"]["theory_gap"],
        seed=SEED,
    message:
        "Computed shapes of the simulated {wildcards.kind}"
    script:
        "../scripts/simulate_seds.py"


rule simulate_groups:
    input:
        plan="<sim>/plan.parquet",
    output:
        **{
            name: f"<sim>/groups/{name}.csv"
            for name in ("binaries", "fgk_binaries", "clusters", "cluster_metallicities")
        },
    log:
        "<logs>/simulate_groups/simulate_groups.log",
    benchmark:
        "<benchmarks>/simulate_groups/simulate_groups.tsv"
    params:
        seed=SEED,
    message:
        "What other works say of the simulated binaries and clusters"
    script:
        "../scripts/simulate_groups.py"
