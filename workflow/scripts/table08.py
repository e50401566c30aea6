"""Table 8 as CSV and Markdown."""

from pathlib import Path

import pandas as pd

from mstars.parameters.tables import as_markdown, fold_statistics, summary_rows
from mstars.store import atomic_path, read_table
from mstars.workflow import job

with job(snakemake):
    folders = [Path(path).parent for path in snakemake.input.models]
    parts = []
    for kind, path in zip(("dM", "gM"), snakemake.input.out_of_fold, strict=True):
        parts.append(fold_statistics([folder for folder in folders if folder.parent.name == f"tlma_{kind}"], kind))
        parts.append(summary_rows(read_table(path), kind))
    table = pd.concat(parts, ignore_index=True)
    with atomic_path(snakemake.output.csv) as temporary:
        table.to_csv(temporary, index=False)
    with atomic_path(snakemake.output.markdown) as temporary:
        temporary.write_text(as_markdown(table))
