"""Cycle-StarNet: a learnt passage between theoretical and observed spectra, and labels by fits (Zhang et al. 2025)."""
