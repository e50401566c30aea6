"""Cycle-StarNet as the workflow knows it before it is loaded."""

from mstars.engines.contract import EngineInfo
from mstars.spectra.grids import Grid

INFO = EngineInfo(
    name="csn",
    title="Cycle-StarNet: theoretical spectra moved into the observed domain by a network, and fitted",
    reference="Zhang et al. 2025; O'Briain et al. 2021",
    kinds=("dM",),
    labels=("teff", "logg", "m_h"),
    scale="phoenix",
    grid=Grid.linear(6000, 8900),
    normalise="gaussian",
    needs_ivar=True,
    gives_chi2=True,
    error="formal",
    parts="all",
    # section 4: Teff up to 4300 K; the others are the range of the synthetic set (section 3.3.2)
    ranges={"dM": {"teff": (3000.0, 4300.0), "logg": (4.5, 5.5), "m_h": (-1.0, 0.5)}},
    extra_columns={
        "teff_theory": "Teff of the fit by theoretical spectra without transfer, K",
        "logg_theory": "the same of log g, dex",
        "m_h_theory": "the same of [M/H], dex",
        "chi2_theory": "chi2 of that fit per degree of freedom",
        "teff_synthetic": "Teff of the fit in the synthetic domain, from which the final fit starts, K",
        "logg_synthetic": "the same of log g, dex",
        "m_h_synthetic": "the same of [M/H], dex",
        "alpha_m_fitted": "[alpha/M] of the final fit: tied to [M/H], or free, dex",
        "rv_shift": "velocity beside the catalogue's, from the fit without transfer (fit.rv: own), km/s",
    },
    gpu=True,
    own_rules=frozenset({"train"}),
)
