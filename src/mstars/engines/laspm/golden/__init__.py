"""The golden sample (Du et al. 2024): stars with labels on one scale, whose spectra agree with each other."""
