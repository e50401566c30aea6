"""Positions and photometry: the crossmatch and the colour-magnitude diagram."""

from __future__ import annotations

from typing import ClassVar, Literal

from mstars.core.config.keys import Section, key, subsection

_YEAR = {"unit": "Julian year", "ge": 1900, "le": 2100}


class Epochs(Section):
    """Epochs of the positions in the external catalogues."""

    PLACE: ClassVar[str] = "crossmatch.epochs"
    gaia: float = key(2016.0, "Gaia DR3", **_YEAR)
    allwise: float = key(2010.5, "AllWISE", **_YEAR)
    apogee: float = key(2000.0, "APOGEE", **_YEAR)


class Cells(Section):
    """Cells of the sky that are matched in a job of their own (HEALPix pixels, nested)."""

    PLACE: ClassVar[str] = "crossmatch.cells"
    order: int = key(1, "HEALPix order of the cells: 12 x 4**order of them cover the sky", ge=0, le=6)
    min_spectra: int = key(5000, "cells with fewer spectra are joined with their sisters", ge=1)
    max_spectra: int = key(50_000, "cells with more spectra are split", ge=1)


class Crossmatch(Section):
    """Which source of an external catalogue a spectrum belongs to."""

    PLACE: ClassVar[str] = "crossmatch"
    radius_arcsec: float = key(3.0, "largest separation", unit="arcsec", gt=0, le=60, where="3.4.1")
    method: Literal["proper_motion", "plain"] = key(
        "proper_motion",
        "proper_motion: each source is moved to the epochs of the positions, the nearest is kept; plain: not moved",
        paper="plain",
        where="3.4.1",
    )
    epochs: Epochs = subsection(Epochs)
    input_epoch: float | None = key(
        2000.0,
        "tried beside the catalogue's epoch and the observation's, as most of LAMOST's input coordinates have it; "
        "null: not",
        **_YEAR,
    )
    cells: Cells = subsection(Cells)


class Photometry(Section):
    """Extinction and the regions of the colour-magnitude diagram (section 3.4.1)."""

    PLACE: ClassVar[str] = "photometry"
    dust_mode: Literal["median", "mean", "best"] = key("median", "which value of Bayestar19")
    ebv_scale: float = key(
        0.884,
        "E(B-V) per unit of Bayestar19 (Green et al. 2019): 0.884 by E(g-r), 0.996 by E(r-z)",
        unit="mag",
        gt=0,
        le=2,
    )
    missing_ebv: Literal["none", "zero"] = key(
        "none", "E(B-V) unknown: none (no place in the diagram) or zero (as if there were no dust)"
    )
    gaia_extinction: Literal["teff", "mean"] = key(
        "teff", "coefficients of Casagrande & VandenBerg (2018): teff (at 3800 K) or mean (their mean ones)"
    )
    wise_extinction: Literal["simple", "function"] = key(
        "simple", "Zhang & Yuan (2023): simple (one value a band) or function (of E(B-V), at 4000 K)"
    )
    dm_region: Literal["ordered", "printed"] = key(
        "ordered",
        "vertices of the dM region: ordered (they go round) or printed (the paper's order, whose sides cross)",
        paper="printed",
        where="Fig. 6",
    )
