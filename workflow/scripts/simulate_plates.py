"""Make and write the spectra of the plates of a part."""

from mstars.files.tables import read_table
from mstars.ops.job import job
from mstars.simulate.plates import plate_folder, write_plates
from mstars.simulate.spectrum_maker import SpectrumMaker

folders = []
with job(snakemake, also=folders) as log:
    plan = read_table(snakemake.input.plan)
    rows = plan[plan["plate"].isin(snakemake.params.plates)].reset_index(drop=True)
    folders += [plate_folder(plate, snakemake.params.fits) for _, plate in rows.groupby("plate")]
    maker = SpectrumMaker(snakemake.input.library, snakemake.params.sources)
    count = write_plates(rows, maker, snakemake.params.seed, snakemake.params.fits, snakemake.output[0])
    log.info("%d files of %d plates in %s", count, len(snakemake.params.plates), snakemake.params.fits)
