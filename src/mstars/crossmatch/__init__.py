"""Which star a spectrum is of: matches with Gaia, AllWISE and APOGEE, and sky groups."""

from mstars.crossmatch.external import read_external
from mstars.crossmatch.sky import match_fixed, match_moving, propagate, sky_groups
from mstars.crossmatch.surveys import match_allwise, match_apogee, match_gaia

__all__ = [
    "match_allwise",
    "match_apogee",
    "match_fixed",
    "match_gaia",
    "match_moving",
    "propagate",
    "read_external",
    "sky_groups",
]
