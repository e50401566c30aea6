"""Extinction, absolute magnitudes and colours, quality cuts and regions of the colour-magnitude diagram."""

from mstars.photometry.diagram import DM_REGION, DM_REGION_PRINTED, GM_LINE, cmd_flag, cmd_position
from mstars.photometry.extinction import absolute_magnitude, gaia_coefficients, reddening, wise_coefficients
from mstars.photometry.table import PHOTOMETRY_COLUMNS, photometry

__all__ = [
    "DM_REGION",
    "DM_REGION_PRINTED",
    "GM_LINE",
    "PHOTOMETRY_COLUMNS",
    "absolute_magnitude",
    "cmd_flag",
    "cmd_position",
    "gaia_coefficients",
    "photometry",
    "reddening",
    "wise_coefficients",
]
