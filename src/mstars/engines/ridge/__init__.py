"""Ridge regression on principal components of the spectra: the simplest engine, and a yardstick for the others."""
