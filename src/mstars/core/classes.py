"""Luminosity and spectral classes, and what reviewers call them."""

from __future__ import annotations

LUMINOSITY_CLASSES = ("dM", "gM")
"""Of M stars: dwarfs (subdwarfs are with them) and giants."""

CLASS_SUFFIXES = {"dM": "dm", "gM": "gm"}
"""Luminosity classes as they stand in the keys of numbers."""

SPECTRAL_CLASSES = ("OB", "A", "F", "G", "K", "M", "GALAXY", "QSO", "WD")
"""What the training sets of CNN-SPT and CNN-WDM know, in the order of pictures."""

REVIEW_LABELS = {"OB": "B", "GALAXY": "galaxy", "QSO": "qso"}
"""What a reviewer calls a spectral class, where the name is another one. (Of OB, B is the commoner.)"""
