"""Template matching: chi2 over templates and velocities (Eq. 2), minimum, error, flags."""
