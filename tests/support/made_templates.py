"""A template spectrum as text."""

import numpy as np

WAVE = np.arange(3700.0, 9200.0, 1.0)


def spectrum(line=6562.80, depth=0.6):
    return WAVE / 6000.0 * (1 - depth * np.exp(-0.5 * ((WAVE - line) / 3.0) ** 2))


def text_file(path, wave, flux):
    np.savetxt(path, np.column_stack([wave, flux]), header="wave flux")
    return path
