"""Teff, log g, [M/H] and [alpha/M] (SPMM; Li et al. 2025, section 3.4.4): what all engines share."""
