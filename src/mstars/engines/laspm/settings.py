"""Settings of LASPM: the config section ``engines.laspm``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mstars.core.config.keys import List, Spans, key, subsection
from mstars.engines.laspm.golden.settings import Golden
from mstars.engines.settings import Band, EngineSettings

MOST_BEST = 8
"""Library spectra that can be combined: their weights are found by trying every subset."""


class LaspmSettings(EngineSettings):
    """LASPM: the match against an empirical library."""

    PLACE: ClassVar[str] = "engines.laspm"
    library: str = key(
        "golden",
        "golden: the sample that cleans itself; labelled: the survey's APOGEE stars as they are; or a FITS file",
    )
    golden: Golden = subsection(Golden)
    least_snr: dict[Band, float] = key(
        {"snri": 10}, "S/N that a spectrum must exceed, by band; with less it is flagged below_snr"
    )
    use: Literal["all", "grid"] = key(
        "all", "library spectra of the match: all, or the one of highest S/N_i in each cell of the labels"
    )
    cell: Annotated[tuple[float, float, float], List, Field(min_length=3)] = key(
        (50, 0.1, 0.1), "sides of a cell in Teff, log g and [M/H]", unit="K, dex, dex"
    )
    polynomial: int = key(2, "degree of the multiplicative polynomial", ge=0, le=4)
    best: int = key(5, "how many of the nearest library spectra are combined", ge=1, le=MOST_BEST)
    weights: Literal["fit", "chi2"] = key(
        "fit", "weights of the combination: not negative, with sum 1, of least chi2; or in proportion to 1 / chi2"
    )
    library_noise: Literal["typical", "none"] = key(
        "typical", "whether the typical noise of a library spectrum counts in chi2"
    )
    tellurics: Spans = key(
        (),
        "intervals of the observed frame that do not count: bands of O2 and H2O, as [[6866, 6945], [7590, 7700], "
        "[8130, 8250]] (the paper has none)",
        unit="angstrom",
    )
    boundary_sigma: float = key(
        3, "at_boundary: the residual leads out of the library's labels by so many of its errors", gt=0
    )
    boundary_share: float = key(
        0.01, "at_boundary: share of the library that lies beyond its edge, on each side of a label", ge=0, lt=0.5
    )
    poor_chi2: float | None = key(None, "poor_fit: chi2 per degree of freedom above this; null for no limit", gt=0)


SETTINGS = LaspmSettings
