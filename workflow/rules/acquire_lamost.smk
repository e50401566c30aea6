# acquire_lamost: the catalogues of a release, and the spectra that they name, from LAMOST's archive


localrules:
    acquire_lamost_catalogue,
    acquire_spectra,


rule acquire_lamost_catalogue:
    output:
        table="<results>/archives/lamost/{file}",
        manifest="<results>/archives/lamost/{file}.json",
    wildcard_constraints:
        file="|".join(lamost_catalogues()),
    log:
        "<logs>/acquire_lamost_catalogue/{file}.log",
    benchmark:
        "<benchmarks>/acquire_lamost_catalogue/{file}.tsv"
    params:
        url=lambda wildcards: config["acquire"]["lamost"]["catalogue_url"],
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(240),
    message:
        "fetch {wildcards.file} from LAMOST"
    script:
        "../scripts/acquire_lamost_catalogue.py"


rule acquire_list:
    input:
        **{name: path for name, path in release_paths().items() if path and name.endswith("_catalog")},
        class_tables=CLASS_TABLES,
    output:
        "<results>/archives/lamost/spectra.parquet",
    log:
        "<logs>/acquire_list.log",
    benchmark:
        "<benchmarks>/acquire_list.tsv"
    params:
        options={name: config["scm"][name] for name in ("n_per_class", "snr_min")},
        radius_arcsec=config["crossmatch"]["radius_arcsec"],
        parts=config["acquire"]["lamost"]["parts"],
        seed=SEED,
    resources:
        mem_mb=memory(4000),
        runtime=60,
    message:
        "which spectra to fetch from LAMOST"
    script:
        "../scripts/acquire_list.py"


rule acquire_spectra:
    input:
        "<results>/archives/lamost/spectra.parquet",
    output:
        "<results>/archives/lamost/spectra_{part}.json",
    wildcard_constraints:
        part=r"\d+",
    log:
        "<logs>/acquire_spectra/{part}.log",
    benchmark:
        "<benchmarks>/acquire_spectra/{part}.tsv"
    params:
        url=lambda wildcards: config["acquire"]["lamost"]["spectrum_url"],
        folder=f"{R}/archives/lamost/fits",
        fetching=FETCHING,
    resources:
        downloads=1,
        runtime=minutes(720),
    message:
        "fetch part {wildcards.part} of the spectra from LAMOST"
    script:
        "../scripts/acquire_spectra.py"
