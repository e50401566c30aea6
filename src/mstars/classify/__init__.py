"""Spectral class (SCM) and luminosity class (DGCM) of M-star candidates (Li et al. 2025, sections 3.4.1, 3.4.2)."""
