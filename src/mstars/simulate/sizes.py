"""Sizes of simulated surveys and their plates: what the workflow asks before a job runs, so without heavy imports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mstars.core.errors import InputError

SIZES = {
    # plates, true dM and gM, scale of planted, training spectra a class, late K, each RV failure, wrong dM/gM, repeats
    "demo": dict(plates=4, dM=2480, gM=640, planted=1.0, train=360, late_k=120, rv=48, dmgm=72, repeats=220),
    "ci": dict(plates=2, dM=170, gM=70, planted=0.06, train=26, late_k=8, rv=4, dmgm=8, repeats=16),
    "networks": dict(plates=8, dM=6000, gM=2400, planted=1.0, train=4000, late_k=300, rv=48, dmgm=72, repeats=400),
    "training": dict(
        plates=32, dM=24000, gM=9600, planted=4.0, train=16000, late_k=1200, rv=192, dmgm=288, repeats=1600
    ),
    "fifth": dict(plates=100, dM=14800, gM=4000, planted=1.2, train=120, late_k=300, rv=100, dmgm=180, repeats=1200),
    "scale": dict(plates=500, dM=74000, gM=20000, planted=6.0, train=600, late_k=1500, rv=500, dmgm=900, repeats=6000),
}

PLATES_A_JOB = {"fifth": 10, "scale": 10}
"""Where a plate has some 200 spectra only: a job's start takes as long as writing 700."""

_FIELDS = (
    # first plates of every survey: name, LMJD, date and UT at mid-exposure, centre, layout, E(B-V) far away
    ("B6001", 55888, "2011-11-22", (99.5, 27.5), "image", 0.35),
    ("GAC089N38V1", 56257, "2012-11-25", (89.1, 38.6), "image", 0.5),
    ("HD113021N245301B01", 57440, "2016-02-21", (172.6, 24.9), "coadd", 0.03),
    ("HD113021N245301M01", 58562, "2019-03-20", (172.6, 24.9), "coadd", 0.03),
)


def plates(size: str) -> list[dict]:
    """The plates of a survey.

    Parameters
    ----------
    size : str
        A key of `SIZES`.

    Returns
    -------
    list of dict
        plate, planid, lmjd, date, centre (degrees), layout, dust (mag), number.
    """
    result = []
    for number in range(SIZES[size]["plates"]):
        if number < len(_FIELDS):
            name, lmjd, date, centre, layout, dust = _FIELDS[number]
        else:
            lmjd = 56400 + 37 * number % 3300
            date = str(np.datetime64("1858-11-17") + np.timedelta64(lmjd - 1, "D"))
            centre = ((29.0 * number) % 360, 5.0 + (17.0 * number) % 50)
            name = f"HD{int(centre[0] * 240):06d}N{int(centre[1] * 3600):06d}V01"
            layout, dust = ("coadd" if number % 2 else "image"), 0.02 + 0.05 * (number % 7)
        result.append(
            dict(
                plate=f"{lmjd}-{name}",
                planid=name,
                lmjd=lmjd,
                date=date,
                centre=centre,
                layout=layout,
                dust=dust,
                number=number,
            )
        )
    return result


def parts(size: str) -> dict[str, list[str]]:
    """The plates that one job writes.

    Parameters
    ----------
    size : str
        A key of `SIZES`.

    Returns
    -------
    dict of str to list of str
        By the name of the first.
    """
    names = [plate["plate"] for plate in plates(size)]
    each = PLATES_A_JOB.get(size, 1)
    return {names[first]: names[first : first + each] for first in range(0, len(names), each)}


def check_sources(make: Sequence[str], match: Sequence[str], allow_same: bool) -> None:
    """Refuse to measure with the templates that made the spectra.

    Parameters
    ----------
    make, match : sequence of str
        ``simulate.make_sources`` and ``templates.match_sources``.
    allow_same : bool
        ``simulate.allow_same_sources``.

    Raises
    ------
    InputError
        When a source is in both and ``allow_same`` is not set.
    """
    same = sorted(set(make) & set(match))
    if same and not allow_same:
        raise InputError(
            f"simulate.make_sources and templates.match_sources both have {', '.join(same)}: spectra would be measured "
            "with the templates that made them and every velocity would look better than it is; choose others, or set "
            "simulate.allow_same_sources: true"
        )
