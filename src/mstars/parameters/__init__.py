"""Teff, log g, [M/H] and [alpha/M] by label transfer from APOGEE (SPMM; Li et al. 2025, section 3.4.4)."""

from mstars.parameters.calibration import calibrate, calibrated_errors, pull_width, spread_ratios
from mstars.parameters.ensemble import FLAGS, collect, load_folds, out_of_fold, predict_parameters
from mstars.parameters.training_set import LABELS, assign_folds, density_weights, tlma_training_set

__all__ = [
    "FLAGS",
    "LABELS",
    "assign_folds",
    "calibrate",
    "calibrated_errors",
    "collect",
    "density_weights",
    "load_folds",
    "out_of_fold",
    "predict_parameters",
    "pull_width",
    "spread_ratios",
    "tlma_training_set",
]
