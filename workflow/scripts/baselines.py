"""CNN-TLMA, ridge regression and a quadratic model on the same spectra and folds."""

import pandas as pd

from mstars.engines.cnn.baselines import compare_baselines
from mstars.engines.cnn.model import ENGINE
from mstars.engines.inputs import load_inputs
from mstars.files.tables import read_table
from mstars.files.whole import atomic_path
from mstars.ops.job import job

with job(snakemake) as log:
    parts = []
    for kind in ENGINE.info.kinds:
        table, cnn = (read_table(snakemake.input[f"{name}_{kind}"]) for name in ("table", "out_of_fold"))
        x = load_inputs(snakemake.input[f"spectra_{kind}"], ENGINE, {}, len(table))
        parts.append(compare_baselines(x.flux, table, cnn, kind))
    result = pd.concat(parts, ignore_index=True)
    with atomic_path(snakemake.output[0]) as temporary:
        result.to_csv(temporary, index=False, float_format="%.6g")
    overall = result[result["snr_i"] == "all"].pivot(index=["class", "label"], columns="model", values="sigma")
    log.info("sigma out of fold\n%s", overall.to_string(float_format="%.3g"))
