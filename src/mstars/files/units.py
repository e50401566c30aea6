"""Units that tables tell, and the factors between them."""

from __future__ import annotations

import functools
import re

_ALIASES = {
    "degree": "deg", "degrees": "deg", "degr": "deg", "sec": "s", "year": "yr", "years": "yr", "mas/year": "mas/yr",
    "arcsec/year": "arcsec/yr", "magnitude": "mag", "parsec": "pc", "kelvin": "K", "hourangle": "hourangle",
    "hours": "hourangle", "hour": "hourangle", "h": "hourangle", "radian": "rad", "radians": "rad", "[-]": "",
}  # fmt: skip
_WRAPPED = re.compile(r"Angle\[(.+)\]$")
_NUMBER = re.compile(r"[+-]?\.?\d")
_NO_UNIT = frozenset(("", "-", "--", "---", "none", "null", "nan"))


@functools.lru_cache(maxsize=512)
def parsed_unit(text: str):
    """An astropy unit of a text as archives write it, as ``mas.yr**-1`` or ``Angle[deg]``; None for anything else."""
    from astropy import units

    text = text.strip().strip("'\"()").strip()
    if found := _WRAPPED.match(text):
        text = found[1]
    text = _ALIASES.get(text.lower(), text)
    if text.lower() in _NO_UNIT or _NUMBER.match(text) or len(text) > 40:
        return None
    for form in (None, "cds", "vounit", "ogip"):
        try:
            return units.Unit(text, format=form)
        except (ValueError, TypeError):
            continue
    return None


def factor_to(told: str, wanted: str) -> float | None:
    """Factor from a unit that a table tells to the one that is wanted.

    Parameters
    ----------
    told : str
        '' or something unknown counts as the wanted one.
    wanted : str
        '' : none, any is accepted as it is.

    Returns
    -------
    float or None
        None where the units measure different things.
    """
    from astropy.units import UnitConversionError

    unit, aim = parsed_unit(told), parsed_unit(wanted)
    if unit is None or aim is None or unit == aim:
        return 1.0
    try:
        return float(unit.to(aim))
    except (UnitConversionError, TypeError):
        return None
