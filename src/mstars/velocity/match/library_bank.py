"""Banks of the template library's M templates, as `MatchOptions` wants them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from mstars.core.config.template_matching import MatchOptions
from mstars.templates.library import TemplateLibrary
from mstars.velocity.match.align import rest_frames
from mstars.velocity.match.bank import TemplateBank, coarse_grid
from mstars.velocity.match.make_bank import TEMPLATE_RANGE, make_bank
from mstars.velocity.match.paper_recipe import REACH

SHORT_END = 7500.0
"""TML7500 compares wavelengths below this, angstrom (section 3.4.3)."""

STRETCHES = {"blue": (4700.0, 5800.0), "middle": (6000.0, SHORT_END), "end": (SHORT_END, 9000.0)}
"""Template wavelengths, angstrom, whose velocities show whether a spectrum's wavelengths are right.

They are the blue arm, and the red arm below and above TML7500's limit.
"""


def stretch_banks(library: TemplateLibrary, options: MatchOptions) -> dict[str, TemplateBank]:
    """A bank for each of `STRETCHES`.

    Parameters
    ----------
    library : TemplateLibrary
    options : MatchOptions

    Returns
    -------
    dict of str to TemplateBank
    """
    alone = options.changed(faint_range=None, align_within_kms=None)
    return {name: bank_of(library, alone.changed(rest_range=span)) for name, span in STRETCHES.items()}


@threadpool_limits.wrap(limits=1)  # the templates' last digits do not depend on the cores
def bank_of(library: TemplateLibrary, options: MatchOptions, *, end: float | None = None) -> TemplateBank:
    """The library's M templates as a bank.

    Parameters
    ----------
    library : TemplateLibrary
    options : MatchOptions
        With ``faint_range``, recipe ``default`` and no ``end`` the bank has a
        `TemplateBank.wide`.
    end : float, optional
        Longer wavelengths are not compared, angstrom.

    Returns
    -------
    TemplateBank

    Raises
    ------
    InputError
        When no template covers ``rest_range``.
    """
    library = library.select((library.table["spectral_class"] == "M").to_numpy())
    low, high = options.rest_range
    if end is not None:
        high = min(high, end)
        low = min(low, TEMPLATE_RANGE[0])
    table = library.table
    paper = options.recipe == "paper"
    reach = {"margin": REACH} if paper else {}

    def make(rows, span, **more):
        return _bank(library, rows, span, scaling=options.scaling, **more)

    moving, kept = template_frames(library, options)
    every = np.flatnonzero(kept)
    bank = make(every, (low, high), moving=moving[every], **reach)
    if options.faint_range and end is None and not paper:
        dwarfs = np.flatnonzero(kept & (table["luminosity"] == "dwarf").to_numpy())
        start, stop = options.faint_range
        bend = options.faint_bend_kms * np.clip((low - library.wavelength) / (low - start), 0.0, None)
        bank.wide = make(dwarfs, (start, stop), moving=moving[dwarfs, None] + bend)
    return bank


def template_frames(library: TemplateLibrary, options: MatchOptions) -> tuple[np.ndarray, np.ndarray]:
    """The velocity of each template's rest frame, and which templates are used.

    Found over the full ``rest_range``, whatever a bank then covers (`mstars.velocity.match.align.rest_frames`).

    Parameters
    ----------
    library : TemplateLibrary
        j templates.
    options : MatchOptions

    Returns
    -------
    moving : ndarray of float64, [j]
        km/s; 0 without ``align``.
    kept : ndarray of bool, [j]
        All without ``align``.
    """
    names = library.table["name"]
    moving, kept = np.zeros(len(names)), np.ones(len(names), bool)
    if options.align:
        span = options.rest_range
        every = np.arange(len(names))
        frame = _bank(library, every, span, scaling=options.scaling, velocity=coarse_grid(240.0, 60.0))
        offset, agree = rest_frames(frame, options.align_within_kms)
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
