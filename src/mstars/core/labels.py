"""The stellar labels and their columns in APOGEE."""

from __future__ import annotations

LABELS = ("teff", "logg", "m_h", "alpha_m")
"""K, dex, dex, dex."""

APOGEE_COLUMNS = {"teff": "TEFF", "logg": "LOGG", "m_h": "M_H", "alpha_m": "ALPHA_M"}
