"""Velocities as the rules measure them: spectra, a bank of templates and settings of the config in, tables out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.config.template_matching import MatchOptions
from mstars.core.config.velocities import Rvmm
from mstars.files.stores import read_batch
from mstars.spectra.container import SpectrumSet
from mstars.templates.library import TemplateLibrary
from mstars.velocity.lines.measure import dsal, dsel
from mstars.velocity.match.bank import TemplateBank
from mstars.velocity.match.default_recipe import match_templates
from mstars.velocity.match.library_bank import SHORT_END, bank_of, stretch_banks
from mstars.velocity.match.paper_recipe import match_paper


def match(spectra: SpectrumSet, bank: TemplateBank, options: MatchOptions, threads: int = 1) -> pd.DataFrame:
    """Template matching by the recipe that the config names.

    Parameters
    ----------
    spectra : SpectrumSet
    bank : TemplateBank
    options : MatchOptions
    threads : int

    Returns
    -------
    pandas.DataFrame
        As `mstars.velocity.match.default_recipe.match_templates`.
    """
    recipe = match_paper if options.recipe == "paper" else match_templates
    return recipe(spectra, bank, options, threads)


def measure(spectra: SpectrumSet, bank: TemplateBank, options: Rvmm, threads: int = 1) -> pd.DataFrame:
    """TM, DSAL I and DSAL II of all spectra.

    Parameters
    ----------
    spectra, bank, threads
        As for `match`.
    options : Rvmm
        The config section ``rvmm``.

    Returns
    -------
    pandas.DataFrame
        n rows: the columns of `match` and of `mstars.velocity.lines.measure.dsal`.
    """
    matched = match(spectra, bank, options.tm, threads)
    lines = dsal(spectra, options.lines, threads)
    return matched.merge(lines, on="spectrum_key", validate="one_to_one")


def remeasure(
    spectra: SpectrumSet, bank: TemplateBank, options: Rvmm, stretches: dict[str, TemplateBank], threads: int = 1
) -> pd.DataFrame:
    """TML7500, template matching by stretch of wavelength, and DSEL.

    Parameters
    ----------
    spectra : SpectrumSet
    bank : TemplateBank
        Ends at 7500 A.
    options : Rvmm
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
    emission = dsel(spectra, options.lines, threads)
    result = _named(match(spectra, bank, options.tm, threads), "tml7500", "tm_template")
    for name, own in stretches.items():
        found = match(spectra, own, options.tm, threads)
        result = result.merge(_named(found, name), on="spectrum_key", validate="one_to_one")
    return result.merge(emission, on="spectrum_key", validate="one_to_one")


def remeasure_queue(
    queue: pd.DataFrame, stores: Mapping[str, str | Path], library: TemplateLibrary, options: Rvmm, threads: int = 1
) -> pd.DataFrame:
    """`remeasure` for the spectra of a queue, a batch after the other.

    Parameters
    ----------
    queue : pandas.DataFrame
        spectrum_key and batch.
    stores : mapping of str to path
        A store for each batch; one at least, also for a queue without a spectrum.
    library : TemplateLibrary
    options : Rvmm
        The config section ``rvmm``.
    threads : int

    Returns
    -------
    pandas.DataFrame
        Of `remeasure`.
    """
    bank, stretches = bank_of(library, options.tm, end=SHORT_END), stretch_banks(library, options.tm)
    # of no spectra: for the columns, should the queue be empty
    parts = [remeasure(read_batch(next(iter(stores.values())), slice(0, 0)), bank, options, stretches)]
    for batch, rows in queue.groupby("batch"):
        spectra = read_batch(stores[batch])
        spectra = spectra.select(np.isin(spectra.spectrum_key, rows["spectrum_key"].to_numpy(dtype=str)))
        parts.append(remeasure(spectra, bank, options, stretches, threads))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _named(matched: pd.DataFrame, name: str, *more: str) -> pd.DataFrame:
    """Velocity, error and flag (and ``more``) of a matching under another name."""
    names = {"rv_tm": f"rv_{name}", "rv_tm_err": f"rv_{name}_err", "tm_flag": f"{name}_flag"}
    names |= {column: column.replace("tm_", f"{name}_") for column in more}
    return matched[["spectrum_key", *names]].rename(columns=names)
