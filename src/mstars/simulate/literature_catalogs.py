"""Literature catalogues of a simulated survey: the truth with each work's systematic difference and dispersion."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import yaml

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.files.whole import atomic_path
from mstars.simulate.literature_differences import SYSTEMATIC, with_differences

PLANTED = {
    "laspm": {
        "title": "LASPM",
        "reference": "B. Du et al. 2021",
        "dM": {"teff": (-134, 77), "logg": (0.21, 0.23), "m_h": (-0.14, 0.32)},
        "gM": {"teff": (-204, 124), "logg": (2.03, 0.30), "m_h": (-0.61, 0.31)},
    },
    "ding2022": {
        "title": "Ding2022",
        "reference": "M.-Y. Ding et al. 2022",
        "dM": {"teff": (-231, 58), "logg": (0.02, 0.10), "m_h": (-0.08, 0.17)},
        "gM": {"teff": (-149, 62), "logg": (0.39, 0.25), "m_h": (0.16, 0.25)},
    },
    "li2021": {
        "title": "Li2021",
        "reference": "J. Li et al. 2021",
        "dM": {"teff": (1, 51), "m_h": (-0.02, 0.18)},
    },
    "qiu2023": {
        "title": "Qiu2023",
        "reference": "D. Qiu et al. 2023",
        "gM": {"teff": (10, 32), "logg": (0.12, 0.26), "m_h": (0.0, 0.20), "alpha_m": (0.0, 0.09)},
    },
    "liang2022": {
        "title": "Liang2022",
        "reference": "J. Liang et al. 2022",
        "dM": {"teff": (0, 46), "logg": (-0.04, 0.16), "m_h": (0.01, 0.15)},
        "gM": {"teff": (13, 45), "logg": (0.02, 0.14), "m_h": (0.01, 0.15)},
    },
}
"""Mean and standard deviation of catalogue minus truth, by class and label: what section 4.2.2 prints for catalogue
minus this work. `SYSTEMATIC` has more of them."""

LUMINOSITY = {"dM": "dwarf", "gM": "giant"}
"""What the truth table calls the classes."""

SHARE = 0.9
"""Of the stars that a catalogue has."""


def literature_catalogue(truth: pd.DataFrame, name: str, seed: int) -> pd.DataFrame:
    """One catalogue of the literature.

    Parameters
    ----------
    truth : pandas.DataFrame
        spectrum_key, true_lum (dwarf or giant), true_teff, true_logg, true_m_h, true_alpha_m; rows without them are
        left out.
    name : str
        Key of `PLANTED` or `SYSTEMATIC`.
    seed : int
        The survey's.

    Returns
    -------
    pandas.DataFrame
        spectrum_key and the labels it measures (teff in K, the others in dex).
    """
    generator = rng(seed, "simulate_literature", name)
    if name in SYSTEMATIC:
        return _with_systematics(truth, name, generator)
    parts = []
    for kind in LUMINOSITY_CLASSES:
        planted = PLANTED[name].get(kind, {})
        stars = truth[(truth["true_lum"] == LUMINOSITY[kind]) & truth["true_teff"].notna()]
        stars = stars[generator.random(len(stars)) < SHARE]
        part = stars[["spectrum_key"]].copy()
        for label, (mean, sigma) in planted.items():
            part[label] = stars[f"true_{label}"].astype(float) + generator.normal(mean, sigma, len(stars))
        parts.append(part if planted else part.iloc[:0])
    return pd.concat(parts, ignore_index=True).sort_values("spectrum_key", ignore_index=True)


def _with_systematics(truth: pd.DataFrame, name: str, generator) -> pd.DataFrame:
    parts = []
    for kind, true_lum in LUMINOSITY.items():
        planted = getattr(SYSTEMATIC[name], kind)
        stars = truth[(truth["true_lum"] == true_lum) & truth["true_teff"].notna()]
        stars = stars[generator.random(len(stars)) < SYSTEMATIC[name].share]
        labels = stars[[f"true_{label}" for label in LABELS]].astype(float).set_axis(list(LABELS), axis=1)
        found = with_differences(labels, planted, SYSTEMATIC[name].together, generator)
        if planted:
            parts.append(stars[["spectrum_key"]].join(found))
    return pd.concat(parts, ignore_index=True).sort_values("spectrum_key", ignore_index=True)


def write_catalogue(table: pd.DataFrame, name: str, table_path: str | Path, description_path: str | Path) -> None:
    """Write the catalogue as CSV and its description as `mstars.literature.catalogues` reads it.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `literature_catalogue`.
    name : str
        Key of `PLANTED` or `SYSTEMATIC`.
    table_path, description_path : str or Path
        CSV and YAML.
    """
    labels = [label for label in table if label != "spectrum_key"]
    said = vars(SYSTEMATIC[name]) if name in SYSTEMATIC else PLANTED[name]
    description = {
        "name": name,
        "title": said["title"],
        "reference": f"simulated after {said['reference']}",
        "file": Path(table_path).name,
        "match": {"column": "spectrum_key", "to": "spectrum_key"},
        "columns": {label: label for label in labels},
        "kinds": [kind for kind in LUMINOSITY if said.get(kind)],
    }
    with atomic_path(table_path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.4f")
    with atomic_path(description_path) as temporary:
        temporary.write_text(yaml.safe_dump(description, sort_keys=False))
