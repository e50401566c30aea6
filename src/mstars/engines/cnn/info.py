"""CNN-TLMA as the workflow knows it before it is loaded."""

from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.quality.ranges import TABLE_10
from mstars.spectra.grids import Grid

INFO = EngineInfo(
    name="cnn",
    title="CNN-TLMA: ten convolutional networks a class, trained on APOGEE's labels",
    reference="Li et al. 2025, section 3.4.4",
    kinds=("dM", "gM"),
    labels=LABELS,
    scale="apogee_dr16",
    grid=Grid.linear(3900, 8899),
    normalise="zscore",
    needs_ivar=False,
    gives_chi2=False,
    error="spread",
    parts="folds",
    ranges=TABLE_10,
    gpu=True,
    stem="tlma",
    own_rules=frozenset({"train", "predict"}),
)
