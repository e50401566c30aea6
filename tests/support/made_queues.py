"""Spectra of a queue."""

import numpy as np

KEYS = np.array([f"55977-GAC-sp01-{fiber:03d}" for fiber in range(1, 4)])
