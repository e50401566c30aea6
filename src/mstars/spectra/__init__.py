"""Spectra as arrays: container, wavelengths, resampling, normalisation, masks, band indices (section 3.2)."""
