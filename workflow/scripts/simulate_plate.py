"""Make and write the spectra of one plate."""

from pathlib import Path

from mstars.simulate import SpectrumMaker, write_plate
from mstars.store import read_table
from mstars.workflow import job

with job(snakemake) as log:
    plan = read_table(snakemake.input.plan)
    rows = plan[plan["plate"] == snakemake.wildcards.plate].reset_index(drop=True)
    maker = SpectrumMaker(snakemake.input.library, snakemake.params.sources)
    first = rows.iloc[0]
    folder = Path(snakemake.params.fits) / first["obsdate"].replace("-", "") / first["planid"]
    count = write_plate(rows, maker, snakemake.params.seed, folder, snakemake.output[0])
    log.info("%d files in %s", count, folder)
