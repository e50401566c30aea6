"""A survey whose truth is known: real template spectra seen through a LAMOST-like instrument, written as its files."""

from mstars.simulate.catalogs import write_catalogs
from mstars.simulate.plan import SIZES, ZERO_POINT_KMS, make_plan, plate_names, plates
from mstars.simulate.plates import write_plate
from mstars.simulate.sources import SpectrumMaker, check_sources
from mstars.simulate.truth import write_truth

__all__ = [
    "SIZES",
    "ZERO_POINT_KMS",
    "SpectrumMaker",
    "check_sources",
    "make_plan",
    "plate_names",
    "plates",
    "write_catalogs",
    "write_plate",
    "write_truth",
]
