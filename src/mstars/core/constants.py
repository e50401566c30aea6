"""Physical constants."""

from __future__ import annotations

C_KMS = 299792.458
"""Speed of light, km/s."""
