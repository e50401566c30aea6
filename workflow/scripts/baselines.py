"""CNN-TLMA, ridge regression and a quadratic model on the same spectra and folds."""

import pandas as pd

from mstars.files.tables import read_table
from mstars.files.whole import atomic_path
from mstars.networks.data import load_inputs
from mstars.ops.job import job
from mstars.parameters.baselines import compare_baselines

with job(snakemake) as log:
    parts = []
    for kind in ("dM", "gM"):
        table, x = (snakemake.input[f"{name}_{kind}"] for name in ("table", "spectra"))
        cnn = read_table(snakemake.input[f"out_of_fold_{kind}"])
        parts.append(compare_baselines(load_inputs(x), read_table(table), cnn, kind))
    result = pd.concat(parts, ignore_index=True)
    with atomic_path(snakemake.output[0]) as temporary:
        result.to_csv(temporary, index=False, float_format="%.6g")
    overall = result[result["snr_i"] == "all"].pivot(index=["class", "label"], columns="model", values="sigma")
    log.info("sigma out of fold\n%s", overall.to_string(float_format="%.3g"))
