"""The stage as its rules see it: settings of the config, a template library, spectra in, tables out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mstars.spectra.container import SpectrumSet
from mstars.templates.library import TemplateLibrary
from mstars.velocity.lines.measure import LineOptions, dsal, dsel
from mstars.velocity.match.align import rest_frames
from mstars.velocity.match.bank import TEMPLATE_RANGE, TemplateBank, coarse_grid, make_bank
from mstars.velocity.match.default_recipe import MatchOptions, match_templates
from mstars.velocity.match.paper_recipe import REACH, match_paper

SHORT_END = 7500.0
"""TML7500 compares wavelengths below this, angstrom (section 3.4.3)."""

STRETCHES = {"blue": (4700.0, 5800.0), "middle": (6000.0, 7500.0), "end": (7500.0, 9000.0)}
"""Template wavelengths, angstrom, whose velocities show whether a spectrum's wavelengths are right: the blue arm, and
the red arm below and above TML7500's limit."""


def stretch_banks(library: TemplateLibrary, settings: dict) -> dict[str, TemplateBank]:
    """A bank for each of `STRETCHES`."""
    alone = settings | {"faint_range": None, "align_within_kms": None}
    return {name: bank_of(library, alone | {"rest_range": list(span)}) for name, span in STRETCHES.items()}


@threadpool_limits.wrap(limits=1)  # the templates' last digits do not depend on the cores
def bank_of(library: TemplateLibrary, settings: dict, *, end: float | None = None) -> TemplateBank:
    """The library's M templates as a bank (config section ``rvmm.tm``); ``end`` narrows it to shorter wavelengths.

    With ``faint_range`` (recipe ``default``, no ``end``) the bank has a `TemplateBank.wide`.
    """
    library = library.select((library.table["spectral_class"] == "M").to_numpy())
    low, high = settings["rest_range"]
    if end is not None:
        high = min(high, end)
        low = min(low, TEMPLATE_RANGE[0])
    table = library.table
    paper = settings.get("recipe") == "paper"
    reach = {"margin": REACH} if paper else {}

    def make(rows, span, **more):
        scaling = "zscore" if paper else "mean"
        return _bank(library, rows, span, scaling=scaling, **more)

    moving, kept = template_frames(library, settings)
    every = np.flatnonzero(kept)
    bank = make(every, (low, high), moving=moving[every], **reach)
    if settings.get("faint_range") and end is None and not paper:
        dwarfs = np.flatnonzero(kept & (table["luminosity"] == "dwarf").to_numpy())
        start, stop = settings["faint_range"]
        bend = settings["faint_bend_kms"] * np.clip((low - library.wavelength) / (low - start), 0.0, None)
        bank.wide = make(dwarfs, (start, stop), moving=moving[dwarfs, None] + bend)
    return bank


def template_frames(library: TemplateLibrary, settings: dict) -> tuple[np.ndarray, np.ndarray]:
    """The velocity of each template's rest frame (float64 [j], km/s), and which templates are used (bool [j]).

    Found over the full ``rest_range``, whatever a bank then covers (`align.rest_frames`); 0 and all
    without ``align``.
    """
    names = library.table["name"]
    moving, kept = np.zeros(len(names)), np.ones(len(names), bool)
    if settings["align"]:
        span = tuple(settings["rest_range"])
        scaling = "zscore" if settings.get("recipe") == "paper" else "mean"
        every = np.arange(len(names))
        frame = _bank(library, every, span, scaling=scaling, velocity=coarse_grid(240.0, 60.0))
        offset, agree = rest_frames(frame, settings["align_within_kms"])
        moving = pd.Series(offset, index=frame.name).reindex(names).fillna(0.0).to_numpy()
        kept = ~names.isin(frame.name[~agree]).to_numpy()
    return moving, kept


def _bank(library: TemplateLibrary, rows: np.ndarray, span: tuple, **more) -> TemplateBank:
    table = library.table
    return make_bank(
        library.wavelength,
        library.flux[rows],
        table["name"].to_numpy(dtype=str)[rows],
        spectral_class=table["spectral_class"].to_numpy(dtype=str)[rows],
        subclass=table["subclass"].fillna("").to_numpy(dtype=str)[rows],
        luminosity=table["luminosity"].fillna("").to_numpy(dtype=str)[rows],
        rest_range=span,
        **more,
    )


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


def match(spectra: SpectrumSet, bank: TemplateBank, settings: dict, threads: int = 1) -> pd.DataFrame:
    """Template matching by the recipe that the config names."""
    options = match_options(settings["tm"])
    recipe = match_paper if options.recipe == "paper" else match_templates
    return recipe(spectra, bank, options, threads)


def measure(spectra: SpectrumSet, bank: TemplateBank, settings: dict, threads: int = 1) -> pd.DataFrame:
    """TM, DSAL I and DSAL II of all spectra; ``settings`` is the config section ``rvmm``."""
    matched = match(spectra, bank, settings, threads)
    lines = dsal(spectra, line_options(settings["lines"]), threads)
    return matched.merge(lines, on="spectrum_key", validate="one_to_one")


def remeasure(
    spectra: SpectrumSet, bank: TemplateBank, settings: dict, stretches: dict[str, TemplateBank], threads: int = 1
) -> pd.DataFrame:
    """TML7500, template matching by stretch of wavelength, and DSEL.

    Parameters
    ----------
    spectra : SpectrumSet
    bank : TemplateBank
        Ends at 7500 A.
    settings : dict
        The config section ``rvmm``.
    stretches : dict of str to TemplateBank
        Of `stretch_banks`.
    threads : int

    Returns
    -------
    pandas.DataFrame
        spectrum_key; rv_tml7500, rv_tml7500_err (km/s), tml7500_flag, tml7500_template; rv_blue, rv_blue_err, blue_flag
        and the same for the other stretches; the columns of `mstars.velocity.lines.measure.dsel`.
    """
    emission = dsel(spectra, line_options(settings["lines"]), threads)
    result = _named(match(spectra, bank, settings, threads), "tml7500", "tm_template")
    for name, own in stretches.items():
        found = match(spectra, own, settings, threads)
        result = result.merge(_named(found, name), on="spectrum_key", validate="one_to_one")
    return result.merge(emission, on="spectrum_key", validate="one_to_one")


def _named(matched: pd.DataFrame, name: str, *more: str) -> pd.DataFrame:
    """Velocity, error and flag (and ``more``) of a matching under another name."""
    names = {"rv_tm": f"rv_{name}", "rv_tm_err": f"rv_{name}_err", "tm_flag": f"{name}_flag"}
    names |= {column: column.replace("tm_", f"{name}_") for column in more}
    return matched[["spectrum_key", *names]].rename(columns=names)
