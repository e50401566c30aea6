"""Parameter engines: methods that give Teff, log g and abundances, behind one contract (docs/engines/README.md)."""
