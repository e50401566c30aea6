"""Which velocities and parameters are recommended (Li et al. 2025, section 4.1)."""
