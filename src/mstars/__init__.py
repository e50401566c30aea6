"""Refined catalogues of M-type stars from survey spectra (Li et al. 2025), as plain functions on arrays and tables."""

from mstars.core.jobs import pause_collection

__version__ = "0.1.0"

pause_collection()
