# what the rules of validate.smk read of another survey of the same spectra

PAPER_TWIN = f"{R}_paper"


def beside(name):
    """Input function: a file of the survey by the paper's recipe; says what to do where it is missing."""

    def path(wildcards):
        if not Path(PAPER_TWIN, name).is_file():
            said = f"simulate: {{spectra_of: {SURVEY}}}, survey: {{name: {Path(PAPER_TWIN).name}}}"
            raise InputError(f"{PAPER_TWIN}/{name} is not there; run config/paper.yaml with {said} (make paper-demo)")
        return f"{PAPER_TWIN}/{name}"

    return path


def outcome_files(folder):
    """What tells the outcome of each candidate, in the order that the script reads it."""
    catalogs = [f"{folder}/catalogs/{name}.parquet" for name in ("non_m_catalog_v1", "non_m_catalog_v2")]
    first = [f"{folder}/catalogs/m_catalog_v3.parquet", f"{folder}/quality/quality.parquet"]
    first += [f"{folder}/parameters/{ENGINE}.parquet", *catalogs, f"{folder}/ingest/rejected.parquet"]
    return [*first, *(f"{folder}/rv/measure/{batch}.parquet" for batch in batches())]
