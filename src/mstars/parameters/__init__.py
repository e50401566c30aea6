"""Teff, log g, [M/H] and [alpha/M] by label transfer from APOGEE (SPMM; Li et al. 2025, section 3.4.4)."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "calibration": ["calibrate", "calibrated_errors", "pull_width", "spread_ratios"],
        "ensemble": ["FLAGS", "collect", "load_folds", "out_of_fold", "predict_parameters"],
        "training_set": ["LABELS", "assign_folds", "density_weights", "tlma_training_set"],
    },
)
