"""Results of a run."""

import numpy as np
import pandas as pd
import pytest

from mstars.files.json_files import write_json
from mstars.files.stores import write_batch
from mstars.files.tables import write_table
from mstars.spectra.container import SpectrumSet
from mstars.spectra.wavelengths import lamost_wavelength

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def store(path, n=6):
    wavelength = lamost_wavelength()
    flux = np.random.default_rng(1).normal(1, 0.1, (n, len(wavelength))).astype("f4")
    keys = np.array([f"k{i}" for i in range(n)])
    spectra = SpectrumSet(flux, np.ones_like(flux), np.zeros(flux.shape, "u1"), wavelength, keys)
    write_batch(path, spectra, pd.DataFrame({"spectrum_key": keys}), pd.DataFrame({"reason": []}))


@pytest.fixture
def survey(tmp_path):
    folder = tmp_path / "results" / "demo"
    for name, seconds, memory in (
        ("ingest_batch/a", 2, 100),
        ("ingest_batch/b", 4, 300),
        ("predict_one/dmgm/a", 1, 50),
    ):
        path = folder / "benchmarks" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEADER + f"{seconds}\t0:00:0{seconds}\t{memory}\t-\t-\t-\t0\t0\t90\t{seconds}\n")
    (folder / "benchmarks/half.tsv").write_text("s\n")
    write_json({"a": {"n_spectra": 100}, "b": {"n_spectra": 300}}, folder / "plan/batches.json")
    write_table(pd.DataFrame({"spectrum_key": ["x", "y"]}), folder / "plan/m_catalog_v0.parquet")
    reasons = ["empty file: a.fits", "empty file: b.fits", "no column FLUX 3"]
    write_table(pd.DataFrame({"spectrum_key": list("abc"), "reason": reasons}), folder / "ingest/rejected.parquet")
    store(folder / "spectra/a.h5")
    return folder
