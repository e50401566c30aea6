"""Spectral class (SCM) and luminosity class (DGCM) of M-star candidates (Li et al. 2025, sections 3.4.1, 3.4.2)."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "giants": ["apply_dgcm", "dgcm_candidates", "dgcm_consensus"],
        "outliers": [
            "fit_outlier_model",
            "load_outlier_model",
            "m_stars",
            "read_features",
            "save_outlier_model",
            "score_batch",
            "score_spectra",
        ],
        "prediction": ["predict_batch"],
        "screening": ["screen_labels"],
        "spectral": ["apply_scm", "scm_candidates", "scm_consensus"],
        "training_sets": ["dmgm_training_set", "scm_pool", "scm_training_set", "star_groups"],
        "zirconium": ["fit_steps"],
    },
)
