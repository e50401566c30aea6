# csn: Cycle-StarNet (Zhang et al. 2025): emulator of theory, synthetic and observed training sets, networks (docs/engines/csn.md)

CSN = ENGINE_SETTINGS["csn"]
CSN_VARIANTS = "all|shifted|shuffled"  # the engine's own networks, and those of two experiments
CSN_EXPERIMENTS = {"split": ["all"], "zero_point": ["all", "shifted"], "gravity": ["all", "shuffled"]}


rule csn_emulator:
    input:
        theory=CSN["theory"] or (f"{SIM}/theory.h5" if SIMULATED else []),
    output:
        model="<results>/models/csn_{kind}/emulator/model.json",
        weights="<results>/models/csn_{kind}/emulator/weights.safetensors",
        history="<results>/models/csn_{kind}/emulator/history.csv",
        nodes="<results>/models/csn_{kind}/emulator/nodes.parquet",
    log:
        "<logs>/csn_emulator/{kind}.log",
    benchmark:
        "<benchmarks>/csn_emulator/{kind}.tsv"
    params:
        settings=CSN,
        seed=SEED,
        trained_on=KIND,
    resources:
        mem_mb=memory(4000),
        runtime=120,
    message:
        "emulator of theoretical spectra, {wildcards.kind}"
    script:
        "../../scripts/csn_emulator.py"


rule csn_isochrones:
    input:
        isochrone_files if config["figures"]["isochrones"] not in ("packaged", None) else [],
    output:
        "<results>/isochrones/csn.parquet",
    log:
        "<logs>/csn_isochrones/csn.log",
    benchmark:
        "<benchmarks>/csn_isochrones/csn.tsv"
    params:
        own=config["templates"]["packages"],
        log_age=CSN["population"]["log_age"],
    message:
        "isochrones of the synthetic set"
    script:
        "../../scripts/csn_isochrones.py"


rule csn_population:
    input:
        isochrones="<results>/isochrones/csn.parquet",
        emulator="<results>/models/csn_{kind}/emulator/model.json",
        weights="<results>/models/csn_{kind}/emulator/weights.safetensors",
        reference=lambda wildcards: (
            "<results>/training/csn_{kind}.parquet"
            if CSN["population"]["reference"] == "apogee"
            else expand("<results>/compare/catalogs/{catalog}.parquet", catalog=LITERATURE)
        ),
    output:
        "<results>/models/csn_{kind}/{part}/population.parquet",
    wildcard_constraints:
        part=CSN_VARIANTS,
    log:
        "<logs>/csn_population/{kind}_{part}.log",
    benchmark:
        "<benchmarks>/csn_population/{kind}_{part}.tsv"
    params:
        settings=CSN,
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "labels of the synthetic spectra, {wildcards.kind} {wildcards.part}"
    script:
        "../../scripts/csn_population.py"


rule csn_observed_set:
    input:
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        spectra="<results>/ingest/spectra.parquet",
        stars="<results>/crossmatch/gaia.parquet",
        photometry="<results>/crossmatch/photometry.parquet",
    output:
        table="<results>/training/csn_{kind}_observed.parquet",
        summary="<results>/training/csn_{kind}_observed.json",
    log:
        "<logs>/csn_observed_set/{kind}.log",
    benchmark:
        "<benchmarks>/csn_observed_set/{kind}.tsv"
    params:
        settings=CSN["sample"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
    message:
        "observed training set csn_{wildcards.kind}"
    script:
        "../../scripts/csn_observed_set.py"


use rule engine_inputs as csn_observed_inputs with:
    input:
        table="<results>/training/{model}_{kind}_observed.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        temp(directory("<results>/training/{model}_{kind}_observed.inputs")),
    wildcard_constraints:
        model="csn",
    log:
        "<logs>/csn_observed_inputs/{model}_{kind}.log",
    benchmark:
        "<benchmarks>/csn_observed_inputs/{model}_{kind}.tsv"
    message:
        "spectra of the observed training set {wildcards.model}_{wildcards.kind}"


use rule engine_train as csn_train with:
    input:
        table="<results>/training/{model}_{kind}_observed.parquet",
        summary="<results>/training/{model}_{kind}_observed.json",
        # they are temporary: made again for a figure, they don't ask for another training
        spectra=ancient("<results>/training/{model}_{kind}_observed.inputs"),
        emulator="<results>/models/{model}_{kind}/emulator/model.json",
        emulator_weights="<results>/models/{model}_{kind}/emulator/weights.safetensors",
        population="<results>/models/{model}_{kind}/{part}/population.parquet",
    wildcard_constraints:
        model="csn",
        part=CSN_VARIANTS,
    log:
        "<logs>/csn_train/{model}_{kind}_{part}.log",
    benchmark:
        "<benchmarks>/csn_train/{model}_{kind}_{part}.tsv"
    resources:
        mem_mb=memory(4000),
        runtime=1440,
        gpu=gpus("train"),
    message:
        "train Cycle-StarNet {wildcards.kind}, {wildcards.part}"


rule csn_experiment:
    input:
        table="<results>/training/csn_{kind}_observed.parquet",
        spectra="<results>/training/csn_{kind}_observed.inputs",
        models=lambda wildcards: expand(
            "<results>/models/csn_{{kind}}/{part}/model.json", part=CSN_EXPERIMENTS[wildcards.experiment]
        ),
        weights=lambda wildcards: expand(
            "<results>/models/csn_{{kind}}/{part}/weights.safetensors", part=CSN_EXPERIMENTS[wildcards.experiment]
        ),
        truth="<sim>/truth.parquet" if SIMULATED else [],
    output:
        table="<results>/validation/csn_{kind}_{experiment}.parquet",
        numbers="<results>/validation/csn_{kind}_{experiment}.json",
    wildcard_constraints:
        experiment="|".join(CSN_EXPERIMENTS),
    log:
        "<logs>/csn_experiment/{kind}_{experiment}.log",
    benchmark:
        "<benchmarks>/csn_experiment/{kind}_{experiment}.tsv"
    params:
        settings=CSN,
        seed=SEED,
        most=2000,
    resources:
        mem_mb=memory(4000),
        runtime=240,
    message:
        "Cycle-StarNet: experiment {wildcards.experiment}"
    script:
        "../../scripts/csn_experiment.py"


rule figure_csn_experiment:
    input:
        table="<results>/validation/csn_dM_{experiment}.parquet",
        numbers="<results>/validation/csn_dM_{experiment}.json",
    output:
        figure("zhang2025/experiment_{experiment}", category="Cycle-StarNet", caption="csn_experiment"),
    wildcard_constraints:
        experiment="|".join(CSN_EXPERIMENTS),
    log:
        "<logs>/figure_csn_experiment/{experiment}.log",
    benchmark:
        "<benchmarks>/figure_csn_experiment/{experiment}.tsv"
    message:
        "figure of the experiment {wildcards.experiment}"
    script:
        "../../scripts/figure_csn_experiment.py"


rule csn_catalogue:
    input:
        parameters="<results>/parameters/csn.parquet",
        flags="<results>/quality/csn.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        indices="<results>/catalogs/extension.parquet",
        variables=CSN["catalogue"]["variables"],
        binaries=CSN["catalogue"]["binaries"],
    output:
        table="<results>/catalogs/zhang2025.parquet",
        csv="<results>/catalogs/zhang2025.csv",
        repeats="<results>/validation/csn_repeats.json",
    log:
        "<logs>/csn_catalogue/csn.log",
    benchmark:
        "<benchmarks>/csn_catalogue/csn.tsv"
    params:
        form=CSN["catalogue"]["repeats"],
    resources:
        mem_mb=memory(4000),
    message:
        "Zhang et al., table 1: value-added catalogue"
    script:
        "../../scripts/csn_catalogue.py"


CSN_FIGURES = {
    "fig01_sky": "catalogs/zhang2025.parquet",
    "fig02_snr": "catalogs/m_catalog_v3.parquet",
    "fig09_kiel": "catalogs/zhang2025.parquet",
    "fig10_precision": "validation/csn_repeats.json",
    "fig11_hr_diagram": "catalogs/zhang2025.parquet",
    "fig12_active": "catalogs/zhang2025.parquet",
    "fig13_subtypes": "catalogs/zhang2025.parquet",
    "fig15_apogee": "catalogs/zhang2025.parquet",
}


rule figure_csn_catalogue:
    input:
        table=lambda wildcards: f"<results>/{CSN_FIGURES[wildcards.name]}",
        isochrones=lambda wildcards: "<results>/isochrones/csn.parquet" if "kiel" in wildcards.name else [],
        apogee=lambda wildcards: "<results>/crossmatch/apogee.parquet" if "apogee" in wildcards.name else [],
    output:
        figure("zhang2025/{name}", category="Cycle-StarNet", caption="csn_catalogue"),
    wildcard_constraints:
        name="|".join(CSN_FIGURES),
    log:
        "<logs>/figure_csn_catalogue/{name}.log",
    benchmark:
        "<benchmarks>/figure_csn_catalogue/{name}.tsv"
    params:
        sample=CSN["sample"],
    message:
        "Zhang et al.: {wildcards.name}"
    script:
        "../../scripts/figure_csn_catalogue.py"


CSN_BESIDE = ["fig04_velocities", "fig14_literature", "fig16_surveys", "fig17_differences", "fig18_binaries"]


rule figure_csn_beside:
    input:
        catalogue="<results>/catalogs/zhang2025.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        table="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
        stars="<results>/compare/engine_group_stars.parquet",
    output:
        figure("zhang2025/{name}", category="Cycle-StarNet", caption="csn_beside"),
    wildcard_constraints:
        name="|".join(CSN_BESIDE),
    log:
        "<logs>/figure_csn_beside/{name}.log",
    benchmark:
        "<benchmarks>/figure_csn_beside/{name}.tsv"
    resources:
        mem_mb=memory(4000),
    message:
        "Zhang et al.: {wildcards.name}"
    script:
        "../../scripts/figure_csn_beside.py"


rule csn_scorecard:
    input:
        model="<results>/models/csn_{kind}/all/model.json",
        transfer="<results>/validation/csn_{kind}_transfer.json",
        split="<results>/validation/csn_{kind}_split.json",
        zero_point="<results>/validation/csn_{kind}_zero_point.json",
        gravity="<results>/validation/csn_{kind}_gravity.json",
    output:
        json="<results>/validation/csn_{kind}_scorecard.json",
        markdown="<results>/validation/csn_{kind}_scorecard.md",
    log:
        "<logs>/csn_scorecard/{kind}.log",
    benchmark:
        "<benchmarks>/csn_scorecard/{kind}.tsv"
    params:
        survey=SURVEY,
    message:
        "Cycle-StarNet: how far to believe its labels"
    script:
        "../../scripts/csn_scorecard.py"


# `snakemake csn_experiments` trains the networks of the experiments too
rule csn_experiments:
    input:
        expand("<results>/validation/csn_{kind}_scorecard.md", kind=ENGINE_INFOS["csn"].kinds),
        expand("<results>/figures/zhang2025/experiment_{experiment}.png", experiment=CSN_EXPERIMENTS),


rule csn_transfer:
    input:
        table="<results>/training/csn_{kind}_observed.parquet",
        spectra="<results>/training/csn_{kind}_observed.inputs",
        model="<results>/models/csn_{kind}/all/model.json",
        weights="<results>/models/csn_{kind}/all/weights.safetensors",
        population="<results>/models/csn_{kind}/all/population.parquet",
    output:
        maps="<results>/validation/csn_{kind}_maps.parquet",
        residuals="<results>/validation/csn_{kind}_residuals.parquet",
        numbers="<results>/validation/csn_{kind}_transfer.json",
    log:
        "<logs>/csn_transfer/{kind}.log",
    benchmark:
        "<benchmarks>/csn_transfer/{kind}.tsv"
    params:
        settings=CSN,
        seed=SEED,
        most=2000,
    resources:
        mem_mb=memory(4000),
    message:
        "Cycle-StarNet: what the transfer does to spectra"
    script:
        "../../scripts/csn_transfer.py"


rule figure_csn_emulator:
    input:
        "<results>/models/csn_dM/emulator/nodes.parquet",
    output:
        figure("zhang2025/fig03_emulator", category="Cycle-StarNet", caption="csn_emulator"),
    log:
        "<logs>/figure_csn_emulator/fig03.log",
    benchmark:
        "<benchmarks>/figure_csn_emulator/fig03.tsv"
    message:
        "Zhang et al., figure 3: error of the emulator"
    script:
        "../../scripts/figure_csn_emulator.py"


rule figure_csn_spectrum:
    input:
        table="<results>/training/csn_dM_observed.parquet",
        stores=per_batch("<results>/spectra/{batch}.h5"),
    output:
        figure("zhang2025/fig05_preprocessing", category="Cycle-StarNet", caption="csn_spectrum"),
    log:
        "<logs>/figure_csn_spectrum/fig05.log",
    benchmark:
        "<benchmarks>/figure_csn_spectrum/fig05.tsv"
    params:
        settings=CSN,
    message:
        "Zhang et al., figure 5: a spectrum on its way to the networks"
    script:
        "../../scripts/figure_csn_spectrum.py"


rule figure_csn_losses:
    input:
        "<results>/models/csn_dM/all/history.csv",
    output:
        figure("zhang2025/fig06_losses", category="Cycle-StarNet", caption="csn_losses"),
    log:
        "<logs>/figure_csn_losses/fig06.log",
    benchmark:
        "<benchmarks>/figure_csn_losses/fig06.tsv"
    message:
        "Zhang et al., figure 6: losses"
    script:
        "../../scripts/figure_csn_losses.py"


rule figure_csn_maps:
    input:
        "<results>/validation/csn_dM_maps.parquet",
    output:
        figure("zhang2025/fig07_maps", category="Cycle-StarNet", caption="csn_maps"),
    log:
        "<logs>/figure_csn_maps/fig07.log",
    benchmark:
        "<benchmarks>/figure_csn_maps/fig07.tsv"
    message:
        "Zhang et al., figure 7: maps of both domains"
    script:
        "../../scripts/figure_csn_maps.py"


rule figure_csn_residuals:
    input:
        residuals="<results>/validation/csn_dM_residuals.parquet",
        numbers="<results>/validation/csn_dM_transfer.json",
    output:
        figure("zhang2025/fig08_residuals", category="Cycle-StarNet", caption="csn_residuals"),
    log:
        "<logs>/figure_csn_residuals/fig08.log",
    benchmark:
        "<benchmarks>/figure_csn_residuals/fig08.tsv"
    params:
        masks=CSN["masks"],
    message:
        "Zhang et al., figure 8: residuals and noise"
    script:
        "../../scripts/figure_csn_residuals.py"


rule table_zhang2025:
    input:
        catalogue="<results>/catalogs/zhang2025.parquet",
        m_catalog="<results>/catalogs/m_catalog_v3.parquet",
        gaia="<results>/crossmatch/gaia.parquet",
        nodes="<results>/models/csn_dM/emulator/nodes.parquet",
        transfer="<results>/validation/csn_dM_transfer.json",
        repeats="<results>/validation/csn_repeats.json",
        statistics="<results>/compare/engines.parquet",
        groups="<results>/compare/engine_groups.parquet",
        labels="<results>/compare/engine_labels.parquet",
        sources="<results>/compare/engine_labels.json",
    output:
        table_files("zhang2025/numbers", "engines"),
    log:
        "<logs>/table_zhang2025/numbers.log",
    benchmark:
        "<benchmarks>/table_zhang2025/numbers.tsv"
    params:
        survey=SURVEY,
        simulated=SIMULATED,
    message:
        "Zhang et al.: their numbers and ours"
    script:
        "../../scripts/table_zhang2025.py"
