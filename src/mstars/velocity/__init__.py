"""Radial velocities (RVMM; Li et al. 2025, section 3.4.3): match, lines, decide."""
