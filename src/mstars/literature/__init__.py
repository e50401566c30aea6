"""Other catalogues beside this work (Li et al. 2025, section 4.2)."""
