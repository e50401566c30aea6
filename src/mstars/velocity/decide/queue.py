"""The review queue ``rv``: velocities that people should look at (section 3.4.3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.core.config.velocity_selection import SelectionOptions
from mstars.velocity.decide.consensus import consensus


def rv_queue(
    selection: pd.DataFrame, remeasured: pd.DataFrame, catalog: pd.DataFrame, options: SelectionOptions | None = None
) -> pd.DataFrame:
    """Candidates with every method's velocity, reasons, priority and consensus.

    Parameters
    ----------
    selection : pandas.DataFrame
        Of `mstars.velocity.decide.bands.select`.
    remeasured : pandas.DataFrame
        Of `mstars.velocity.stage.remeasure`, one row a candidate.
    catalog : pandas.DataFrame
        m_catalog_v2: spectrum_key; batch, subclass and luminosity_class where it has them.
    options : SelectionOptions, optional

    Returns
    -------
    pandas.DataFrame
        One row a candidate. ``priority``, 0 to 1: how far LAMOST's velocity is from TM's, over 100 km/s; high ones
        should be looked at first. ``consensus_label``: one of `RV_FROM`.
    """
    table = selection[selection["candidate"]].merge(remeasured, on="spectrum_key", how="left", validate="one_to_one")
    extra = [name for name in ("batch", "subclass", "luminosity_class") if name in catalog]
    table = table.merge(catalog[["spectrum_key", *extra]], on="spectrum_key", how="left")
    far = np.abs(table["rv_tm"] - table["lamost_rv"]) / 100.0
    table["priority"] = far.fillna(1.0).clip(0.0, 1.0)
    table["consensus_label"] = consensus(table, options).to_numpy(dtype=object)
    return table.drop(columns="candidate").reset_index(drop=True)
