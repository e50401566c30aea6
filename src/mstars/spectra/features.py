"""Features that tell kinds of spectra by eye, for marks in pictures; wavelengths of the tables are of air."""

from __future__ import annotations

import functools

import pandas as pd

from mstars.core.resources import resource, resource_table
from mstars.spectra.wavelengths import air_to_vacuum


@functools.cache
def luminosity_features() -> pd.DataFrame:
    """What tells dM from gM (Table 3; ``resources/features.csv``).

    Returns
    -------
    pandas.DataFrame
        feature, lower_air, upper_air (angstrom; equal for a single line), lower, upper (the same in vacuum), dM, gM
        (what the feature looks like). It is shared: don't change it.
    """
    table = resource_table(resource("features.csv"))
    vacuum = {side: air_to_vacuum(table[f"{side}_air"].to_numpy(float)) for side in ("lower", "upper")}
    return table.assign(**vacuum)


def features_of(label: str) -> list[tuple[float, str]]:
    """Features of a kind of spectrum (Figure 7; ``resources/example_features.csv``).

    Parameters
    ----------
    label : str
        The kind.

    Returns
    -------
    list of (float, str)
        Vacuum wavelength at rest, angstrom, and name.
    """
    table = resource_table(resource("example_features.csv"))
    own = table[table["labels"].str.split().map(lambda labels: label in labels)]
    return list(zip(air_to_vacuum(own["wavelength_air"].to_numpy(float)), own["feature"], strict=True))
