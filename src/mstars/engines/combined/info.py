"""The engine combined as the workflow knows it before it is loaded."""

from mstars.core.labels import LABELS
from mstars.engines.contract import EngineInfo
from mstars.quality.ranges import TABLE_10
from mstars.spectra.grids import Grid

INFO = EngineInfo(
    name="combined",
    title="The combined estimate: the other engines on APOGEE's scale, weighted by the covariance of their errors",
    reference="docs/engines/combined.md",
    kinds=("dM", "gM"),
    labels=LABELS,
    scale="apogee_dr16",
    grid=Grid.linear(6000, 8800),  # it reads no spectra; this is the arm that every engine needs
    normalise="none",
    needs_ivar=False,
    gives_chi2=True,
    error="formal",
    parts="all",
    ranges=TABLE_10,
    version=2,
    own_flags={"contradicted": 1 << 16, "one_left_out": 1 << 17, "no_valid_engine": 1 << 18},
    own_rules=frozenset({"inputs", "train", "out_of_fold", "predict"}),
    of_engines=True,
    extra_columns={
        **{f"{label}_engines": f"number of engines in {label}" for label in LABELS},
        **{f"{label}_chi2": f"chi2 of the engines about {label}, per degree of freedom" for label in LABELS},
    },
)
