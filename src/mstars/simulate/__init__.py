"""A survey whose truth is known: real template spectra seen through a LAMOST-like instrument, written as its files."""

from mstars.on_demand import on_demand

__getattr__, __all__ = on_demand(
    __name__,
    {
        "catalogs": ["write_catalogs"],
        "plan": ["ZERO_POINT_KMS", "make_plan"],
        "plates": ["write_plate", "write_plates"],
        "sizes": ["SIZES", "check_sources", "parts"],
        "sources": ["SpectrumMaker"],
        "truth": ["write_truth"],
    },
)
