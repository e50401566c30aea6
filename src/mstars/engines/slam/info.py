"""The engine slam as the workflow knows it before it is loaded."""

from mstars.engines.contract import EngineInfo
from mstars.spectra.grids import Grid

H_ALPHA = ((6560.7, 6569.8),)
"""Left out: active stars have it in emission (Li et al. 2021, section 4.4). Vacuum angstrom, from MDwarfMachine."""

INFO = EngineInfo(
    name="slam",
    title="SLAM: the flux of each pixel as a support vector regression on the labels, fitted to spectra",
    reference="Li et al. 2021, ApJS 253, 45",
    kinds=("dM",),
    labels=("teff", "m_h"),
    scale="apogee_dr16",
    grid=Grid.log10(2205, 3806).without(H_ALPHA),
    normalise="spline",
    needs_ivar=True,
    gives_chi2=True,
    error="formal",
    parts="folds+all",
    version=2,
    ranges={"dM": {"teff": (2800.0, 4500.0), "m_h": (-2.0, 0.5)}},
    own_flags={"bt_at_boundary": 1 << 16},
    own_rules=frozenset({"train"}),
    extra_columns={
        "teff_cv_err": "Teff error as the paper gives it: scatter of the cross-validation at the spectrum's snri, K",
        "m_h_cv_err": "[M/H] error as the paper gives it: scatter of the cross-validation at the spectrum's snri, dex",
        "logg_slam": "log g, where engines.slam.labels has it, dex",
        "alpha_m_slam": "[alpha/M], where engines.slam.labels has it, dex",
        "teff_bt": "Teff by the model of the theory grid (TEFF_BT), K",
        "teff_bt_err": "formal error of teff_bt, with the misfit of theory and star counted as noise, K",
        "m_h_bt": "[M/H] by the model of the theory grid; computed for Figure 5 and not to be used, dex",
        "chi2_bt": "chi2 per degree of freedom of the fit with the theory grid",
    },
)
