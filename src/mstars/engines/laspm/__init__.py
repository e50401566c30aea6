"""LASPM (Du et al. 2024): parameters by the five nearest spectra of an empirical library."""
