"""Velocities that people should look at."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mstars.velocity.decide.consensus import consensus
from mstars.velocity.decide.options import SelectionOptions


def candidates(
    selection: pd.DataFrame, remeasured: pd.DataFrame, catalog: pd.DataFrame, options: SelectionOptions | None = None
) -> pd.DataFrame:
    """The review queue ``rv``: candidates with every method's velocity, reasons, priority and consensus.

    Priority (0 to 1, look at high ones first): how far LAMOST's velocity is from TM's, over 100 km/s.
    """
    table = selection[selection["candidate"]].merge(remeasured, on="spectrum_key", how="left", validate="one_to_one")
    extra = [name for name in ("batch", "subclass", "luminosity_class") if name in catalog]
    table = table.merge(catalog[["spectrum_key", *extra]], on="spectrum_key", how="left")
    far = np.abs(table["rv_tm"] - table["lamost_rv"]) / 100.0
    table["priority"] = far.fillna(1.0).clip(0.0, 1.0)
    table["consensus_label"] = consensus(table, options).to_numpy(dtype=object)
    return table.drop(columns="candidate").reset_index(drop=True)
