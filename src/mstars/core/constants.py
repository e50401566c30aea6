"""Constants."""

from __future__ import annotations

C_KMS = 299792.458
"""Speed of light, km/s."""

CLASSIFIER_PIXELS = 5000
"""Pixels that the networks see: 3900-8899 A at 1 A (section 3.2, step 4a)."""
