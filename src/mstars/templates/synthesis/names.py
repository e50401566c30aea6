"""Names of the stars of a computed theory grid."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

from mstars.core.errors import InputError
from mstars.core.labels import LABELS

_NAME = re.compile(r"t([\d.]+)_g(-?[\d.]+)_m([+-][\d.]+)_a([+-][\d.]+)")


def star_name(teff: float, logg: float, m_h: float, alpha_m: float) -> str:
    """Name of a star's file: t3500_g5.0_m-0.50_a+0.00."""
    return f"t{teff:g}_g{logg:.2f}_m{m_h:+.2f}_a{alpha_m:+.2f}"


def labels_of(name: str) -> dict[str, float]:
    """Labels of a star's name.

    Raises
    ------
    InputError
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise InputError(f"{name}: not the name of a computed spectrum, as t3500_g5.00_m-0.50_a+0.00")
    return dict(zip(LABELS, map(float, found.groups()), strict=True))


def star_names(settings: Mapping) -> list[str]:
    """Names of all stars of ``templates.computed_grid``."""
    return [star_name(*values) for values in itertools.product(*(settings[label] for label in LABELS))]
