"""Spectral class (SCM) and luminosity class (DGCM) of M-star candidates (Li et al. 2025, sections 3.4.1, 3.4.2)."""

from mstars.classify.giants import apply_dgcm, dgcm_candidates, dgcm_consensus
from mstars.classify.outliers import (
    fit_outlier_model,
    load_outlier_model,
    m_stars,
    read_features,
    save_outlier_model,
    score_batch,
)
from mstars.classify.prediction import predict_batch
from mstars.classify.screening import screen_labels
from mstars.classify.spectral import apply_scm, scm_candidates, scm_consensus
from mstars.classify.training_sets import dmgm_training_set, scm_pool, scm_training_set, star_groups
from mstars.classify.zirconium import fit_steps

__all__ = [
    "apply_dgcm",
    "apply_scm",
    "dgcm_candidates",
    "dgcm_consensus",
    "dmgm_training_set",
    "fit_steps",
    "fit_outlier_model",
    "load_outlier_model",
    "m_stars",
    "predict_batch",
    "read_features",
    "save_outlier_model",
    "scm_candidates",
    "scm_consensus",
    "scm_pool",
    "scm_training_set",
    "score_batch",
    "screen_labels",
    "star_groups",
]
