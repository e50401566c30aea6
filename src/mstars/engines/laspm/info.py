"""LASPM as the workflow knows it before it is loaded."""

from mstars.engines.contract import EngineInfo
from mstars.spectra.grids import Grid

RANGE = {"teff": (3100.0, 4150.0), "logg": (-0.3, 5.1), "m_h": (-1.0, 0.7)}
"""What the golden sample spans (Du et al. 2024, section 3.2.1), dwarfs and giants together; K and dex."""

INFO = EngineInfo(
    name="laspm",
    title="LASPM: the five nearest spectra of an empirical library, combined",
    reference="Du et al. 2024; Du et al. 2021",
    kinds=("dM", "gM"),
    labels=("teff", "logg", "m_h"),
    scale="starhorse",
    grid=Grid.log10(2100, 3762),  # 6000-8800 A: 1,663 pixels, of which the paper has 1,657
    normalise="mean",
    needs_ivar=True,
    gives_chi2=True,
    error="formal",
    parts="all",
    ranges={"dM": RANGE, "gM": RANGE},
    own_rules=frozenset({"inputs"}),
    extra_columns={
        "teff_spread": "standard deviation of Teff among the library spectra that were combined, K",
        "logg_spread": "the same of log g, dex",
        "m_h_spread": "the same of [M/H], dex",
    },
)
