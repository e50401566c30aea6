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
        R + "/sim/plan.parquet",
    log:
        R + "/logs/simulate_plan/simulate_plan.log",
    benchmark:
        R + "/benchmarks/simulate_plan/simulate_plan.tsv"
    params:
        seed=SEED,
        size=config["simulate"]["size"],
    resources:
        mem_mb=1500,
        runtime=10,
    message:
        "Planning a simulated survey of size {params.size}"
    script:
        "../scripts/simulate_plan.py"


rule simulate_plates:
    input:
        plan=R + "/sim/plan.parquet",
        library=LIBRARY,
    output:
        R + "/sim/plates/{part}.parquet",
    log:
        R + "/logs/simulate_plates/{part}.log",
    benchmark:
        R + "/benchmarks/simulate_plates/{part}.tsv"
    params:
        seed=SEED,
        sources=config["simulate"]["make_sources"],
        fits=R + "/sim/fits",
        plates=lambda wildcards: PARTS[wildcards.part],
    resources:
        mem_mb=1500,
        runtime=30,
    message:
        "Simulating {params.plates}"
    script:
        "../scripts/simulate_plates.py"


rule simulate_catalogs:
    input:
        plan=R + "/sim/plan.parquet",
        plates=expand(R + "/sim/plates/{part}.parquet", part=PARTS),
    output:
        lamost=expand(R + "/sim/catalogs/lamost_{name}.fits.gz", name=["m", "general", "afgk", "wd"]),
        external=expand(
            R + "/sim/catalogs/{name}.fits",
            name=["gaia_dr3", "bailer_jones", "allwise", "apogee_dr16"],
        ),
        dust=R + "/sim/dust/bayestar.h5",
        truth=R + "/sim/truth.parquet",
        simulation=R + "/sim/simulation.json",
    log:
        R + "/logs/simulate_catalogs/simulate_catalogs.log",
    benchmark:
        R + "/benchmarks/simulate_catalogs/simulate_catalogs.tsv"
    params:
        seed=SEED,
        size=config["simulate"]["size"],
        make_sources=config["simulate"]["make_sources"],
        match_sources=config["templates"]["match_sources"],
        folder=R + "/sim",
    resources:
        mem_mb=2000,
        runtime=20,
    message:
        "Writing the catalogues of the simulated survey"
    script:
        "../scripts/simulate_catalogs.py"


rule simulate_literature:
    input:
        truth=R + "/sim/truth.parquet",
    output:
        table=R + "/sim/literature/{catalog}.csv",
        description=R + "/sim/literature/{catalog}.yaml",
    log:
        R + "/logs/simulate_literature/{catalog}.log",
    benchmark:
        R + "/benchmarks/simulate_literature/{catalog}.tsv"
    params:
        seed=SEED,
    resources:
        mem_mb=1000,
        runtime=5,
    message:
        "Simulating the literature catalogue {wildcards.catalog}"
    script:
        "../scripts/simulate_literature.py"
