"""The ridge engine as the workflow knows it before it is loaded."""

from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.quality.ranges import TABLE_10
from mstars.spectra.grids import Grid

INFO = EngineInfo(
    name="ridge",
    title="Ridge regression on principal components of the spectra, trained on APOGEE's labels",
    reference="Hoerl & Kennard 1970; generalised cross-validation of Golub et al. 1979",
    kinds=("dM", "gM"),
    labels=LABELS,
    scale="apogee_dr16",
    grid=Grid.linear(3900, 8899),
    normalise="zscore",
    needs_ivar=True,
    gives_chi2=True,
    error="formal",
    parts="folds+all",
    ranges=TABLE_10,
)
