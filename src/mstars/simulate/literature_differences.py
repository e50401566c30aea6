"""Catalogues whose differences to the truth depend on the labels, go together, or leave labels out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mstars.core.labels import LABELS

REFERENCE = {"teff": 3600.0, "logg": 4.8, "m_h": -0.1, "alpha_m": 0.03}
"""Labels at which a difference is its mean, K and dex; slopes of Teff are per 1000 K."""
_UNIT = {"teff": 1000.0, "logg": 1.0, "m_h": 1.0, "alpha_m": 1.0}


@dataclass(frozen=True)
class Difference:
    """Catalogue minus truth for one label.

    Attributes
    ----------
    mean, sigma : float
        K or dex.
    slopes : mapping
        Change of the difference with a true label, per 1000 K or dex.
    below : tuple, optional
        ``(label, limit, mean, sigma)``: other numbers where a true label is below a limit.
    stripes : float
        Half of the values lie on multiples of this (0: none).
    missing : tuple, optional
        ``(label, limit)``: no value where a true label is below a limit.
    """

    mean: float
    sigma: float
    slopes: dict[str, float] = field(default_factory=dict)
    below: tuple[str, float, float, float] | None = None
    stripes: float = 0.0
    missing: tuple[str, float] | None = None


@dataclass(frozen=True)
class Systematics:
    """A catalogue.

    Attributes
    ----------
    title, reference : str
    share : float
        Of the stars that it has.
    together : float
        Correlation of the random parts of its labels.
    dM, gM : mapping
        `Difference` by label.
    """

    title: str
    reference: str
    share: float
    together: float
    dM: dict[str, Difference] = field(default_factory=dict)
    gM: dict[str, Difference] = field(default_factory=dict)


SYSTEMATIC = {
    "starhorse": Systematics(
        "StarHorse",
        "F. Anders et al. 2022",
        0.85,
        0.3,
        {
            "teff": Difference(-90, 60, {"m_h": 40.0, "teff": 30.0}),
            "logg": Difference(0.0, 0.08),
            "m_h": Difference(0.0, 0.13, {"m_h": -0.15}, stripes=0.1),
        },
        {
            "teff": Difference(-90, 60, {"m_h": 40.0}),
            "logg": Difference(0.0, 0.2),
            "m_h": Difference(0.0, 0.15, stripes=0.1),
        },
    ),
    "aspcap_dr17": Systematics(
        "ASPCAP DR17",
        "Abdurro'uf et al. 2022",
        0.35,
        0.2,
        {
            "teff": Difference(-3, 50, {"teff": -20.0}),
            "logg": Difference(0.0, 0.05),
            "m_h": Difference(0.0, 0.06, missing=("teff", 3500.0)),
        },
        {"teff": Difference(-3, 20), "logg": Difference(0.0, 0.08), "m_h": Difference(0.0, 0.05)},
    ),
    "b20": Systematics(
        "B20",
        "J. Birky et al. 2020",
        0.5,
        0.3,
        {
            "teff": Difference(-182, 50, {"teff": 40.0}),
            "m_h": Difference(0.15, 0.07, below=("m_h", -0.25, 0.25, 0.15)),
        },
    ),
    "tess": Systematics("TESS CDC", "P. Muirhead et al. 2018", 0.7, 0.0, {"teff": Difference(-175, 90, {"m_h": 60.0})}),
    "galgano2020": Systematics("Galgano2020", "B. Galgano et al. 2020", 0.6, 0.0, {"teff": Difference(-125, 55)}),
}
"""On APOGEE DR16's scale, from the offsets that Li et al. 2021 (sections 4.1, 4.2), Du et al. 2024 (Figure 3) and Birky
et al. 2020 print: DR16 - B20 = 182 K; [M/H] 0.15 with 0.07 dex above -0.25, 0.25 with 0.15 dex below; SLAM with
BT-Settl 110 K above B20, 100 K above TESS and 50 K above Galgano 2020; ASPCAP DR17 - StarHorse = 87 K."""


def with_differences(
    labels: pd.DataFrame, planted: dict[str, Difference], together: float, rng: np.random.Generator
) -> pd.DataFrame:
    """The labels that a catalogue gives.

    Parameters
    ----------
    labels : pandas.DataFrame
        n rows of true labels: teff (K), logg, m_h, alpha_m (dex).
    planted : mapping
        By label.
    together : float
        Correlation of the random parts, from 0 to 1.
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        n rows of the planted labels; NaN where there is none.
    """
    n = len(labels)
    common, result = rng.normal(size=n), {}
    for label in (one for one in LABELS if one in planted):
        one = planted[label]
        own = np.sqrt(together) * common + np.sqrt(1 - together) * rng.normal(size=n)
        mean, sigma = np.full(n, float(one.mean)), np.full(n, float(one.sigma))
        if one.below is not None:
            low = labels[one.below[0]].to_numpy() < one.below[1]
            mean[low], sigma[low] = one.below[2:]
        for name, slope in one.slopes.items():
            mean += slope * (labels[name].to_numpy() - REFERENCE[name]) / _UNIT[name]
        values = labels[label].to_numpy() + mean + sigma * own
        if one.stripes:
            values = np.where(rng.random(n) < 0.5, one.stripes * np.round(values / one.stripes), values)
        if one.missing is not None:
            values = np.where(labels[one.missing[0]] < one.missing[1], np.nan, values)
        result[label] = values
    return pd.DataFrame(result, index=labels.index)
