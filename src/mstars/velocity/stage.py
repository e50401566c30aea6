"""The stage as its rules see it: settings of the config, a template library, spectra in, tables out."""

from __future__ import annotations

import numba
import numpy as np
import pandas as pd

from mstars.spectra import SpectrumSet
from mstars.templates import TemplateLibrary
from mstars.velocity.align import rest_offsets
from mstars.velocity.bank import TEMPLATE_RANGE, TemplateBank, coarse_grid, make_bank
from mstars.velocity.lines import LineOptions, dsal, dsel
from mstars.velocity.matching import MatchOptions, match_templates
from mstars.velocity.paper import REACH, match_paper

SHORT_END = 7500.0
"""TML7500 compares wavelengths below this, angstrom (section 3.4.3)."""


def bank_of(library: TemplateLibrary, settings: dict, *, end: float | None = None) -> TemplateBank:
    """The library's M templates as a bank (config section ``rvmm.tm``); ``end`` narrows it to shorter wavelengths."""
    library = library.select((library.table["spectral_class"] == "M").to_numpy())
    low, high = settings["rest_range"]
    if end is not None:
        high = min(high, end)
        low = min(low, TEMPLATE_RANGE[0])
    table = library.table
    paper = settings.get("recipe") == "paper"
    reach = {"margin": REACH} if paper else {}

    def make(rows, span, **more):
        return make_bank(
            library.wavelength,
            library.flux[rows],
            table["name"].to_numpy(dtype=str)[rows],
            spectral_class=table["spectral_class"].to_numpy(dtype=str)[rows],
            subclass=table["subclass"].fillna("").to_numpy(dtype=str)[rows],
            luminosity=table["luminosity"].fillna("").to_numpy(dtype=str)[rows],
            scaling="zscore" if paper else "mean",
            rest_range=span,
            **more,
        )

    every = np.arange(len(table))
    if not settings["align"]:
        return make(every, (low, high), **reach)
    # rest frames are compared over the full range, whatever the bank then covers
    frame = make(every, tuple(settings["rest_range"]), velocity=coarse_grid(240.0, 60.0))
    offset = pd.Series(rest_offsets(frame), index=frame.name)
    return make(every, (low, high), moving=offset.reindex(table["name"]).fillna(0.0).to_numpy(), **reach)


def match_options(settings: dict) -> MatchOptions:
    """`MatchOptions` of the config section ``rvmm.tm``."""
    names = MatchOptions.__dataclass_fields__
    chosen = {key: value for key, value in settings.items() if key in names}
    if "left_out" in chosen:
        chosen["left_out"] = tuple(tuple(band) for band in chosen["left_out"])
    return MatchOptions(**chosen)


def line_options(settings: dict) -> LineOptions:
    """`LineOptions` of the config section ``rvmm.lines``."""
    settings = dict(settings)
    settings["tellurics"] = tuple(tuple(band) for band in settings["tellurics"])
    return LineOptions(**settings)


def use_threads(count: int) -> None:
    """Let compiled loops use this many threads (at most those numba was started with)."""
    numba.set_num_threads(max(1, min(count, numba.config.NUMBA_NUM_THREADS)))


def match(spectra: SpectrumSet, bank: TemplateBank, settings: dict) -> pd.DataFrame:
    """Template matching by the recipe that the config names."""
    options = match_options(settings["tm"])
    return match_paper(spectra, bank, options) if options.recipe == "paper" else match_templates(spectra, bank, options)


def measure(spectra: SpectrumSet, bank: TemplateBank, settings: dict) -> pd.DataFrame:
    """TM, DSAL I and DSAL II of all spectra; ``settings`` is the config section ``rvmm``."""
    matched = match(spectra, bank, settings)
    lines = dsal(spectra, line_options(settings["lines"]))
    return matched.merge(lines, on="spectrum_key", validate="one_to_one")


def remeasure(spectra: SpectrumSet, bank: TemplateBank, settings: dict) -> pd.DataFrame:
    """TML7500 (``bank`` ends at 7500 A) and DSEL: spectrum_key, rv_tml7500, _err, tml7500_flag, rv_dsel, …."""
    matched = match(spectra, bank, settings)
    matched = matched.rename(
        columns={
            "rv_tm": "rv_tml7500",
            "rv_tm_err": "rv_tml7500_err",
            "tm_flag": "tml7500_flag",
            "tm_template": "tml7500_template",
        }
    )[["spectrum_key", "rv_tml7500", "rv_tml7500_err", "tml7500_flag", "tml7500_template"]]
    emission = dsel(spectra, line_options(settings["lines"]))
    return matched.merge(emission, on="spectrum_key", validate="one_to_one")
