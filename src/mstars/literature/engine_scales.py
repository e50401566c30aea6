"""All engines on one scale (``parameters.scale_to``), by maps fitted on stars in common with the scale's source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.engines.registry import engine_info
from mstars.literature.engine_labels import Source
from mstars.parameters.scales import LEAST, ScaleMap, fit_scale, to_scale


def source_of_scale(sources: Sequence[Source], scale: str) -> Source:
    """Whose labels are on a scale: APOGEE's, or another catalogue's.

    Raises
    ------
    InputError
        Nobody's; says which scales there are.
    """
    found = {source.scale: source for source in sources if source.kind != "engine" and source.scale != "truth"}
    if scale not in found:
        raise InputError(
            f"parameters.scale_to: nothing is on the scale {scale!r}; there are: {', '.join(sorted(found))}"
        )
    return found[scale]


def fit_scales(table: pd.DataFrame, sources: Sequence[Source], scale: str) -> dict:
    """A map for each engine and class to a scale.

    Parameters
    ----------
    table : pandas.DataFrame
        `mstars.literature.engine_labels.labels_side_by_side`.
    sources : sequence of Source
    scale : str

    Returns
    -------
    dict
        scale; maps: by engine and class a `mstars.parameters.scales.ScaleMap` as a dict, None for an engine that is on
        the scale already; left_out: texts that say which labels have no map, and why.
    """
    other = source_of_scale(sources, scale)
    maps, left_out = {}, []
    for engine in [source for source in sources if source.kind == "engine"]:
        maps[engine.name] = {}
        for kind in engine_info(engine.name).kinds:
            if engine.scale == scale:
                maps[engine.name][kind] = None
                continue
            rows = table[table["luminosity_class"] == kind]
            found = fit_scale(_values(rows, engine.name), _values(rows, other.name), _values(rows, engine.name, "_err"))
            maps[engine.name][kind] = found.as_dict()
            missing = [label for label in engine_info(engine.name).labels if label not in found.maps]
            left_out += [
                f"{engine.name} {kind} {label}: fewer than {LEAST} spectra in common with {other.title}"
                for label in missing
            ]
    return {"scale": scale, "maps": maps, "left_out": left_out}


def _values(rows: pd.DataFrame, source: str, end: str = "") -> dict[str, np.ndarray]:
    names = {label: f"{label}_{source}{end}" for label in LABELS}
    return {label: rows[name].to_numpy(dtype=float) for label, name in names.items() if name in rows}


def scaled_labels(engine: str, parameters: pd.DataFrame, scales: dict) -> pd.DataFrame:
    """An engine's labels on the scale of `fit_scales`.

    Parameters
    ----------
    engine : str
    parameters : pandas.DataFrame, [n]
        parameters/{engine}: luminosity_class, labels, ``{label}_calib_err``.
    scales : dict
        Of `fit_scales`.

    Returns
    -------
    pandas.DataFrame, [n]
        ``{label}`` and ``{label}_err`` (calibrated errors, with that of the map), NaN where there is no map.
    """
    n, labels = len(parameters), engine_info(engine).labels
    found = pd.DataFrame({f"{label}{end}": np.full(n, np.nan) for label in LABELS for end in ("", "_err")})
    kinds = parameters["luminosity_class"].to_numpy(dtype=str)
    for kind in LUMINOSITY_CLASSES:
        rows = np.flatnonzero(kinds == kind)
        if kind not in scales["maps"].get(engine, {}):
            continue
        own = {label: parameters[label].to_numpy(dtype=float)[rows] for label in labels}
        errors = {label: parameters[f"{label}_calib_err"].to_numpy(dtype=float)[rows] for label in labels}
        one = scales["maps"][engine][kind]
        values, sigmas = (own, errors) if one is None else to_scale(ScaleMap.from_dict(one), own, errors)
        for label in values:
            found.loc[rows, label], found.loc[rows, f"{label}_err"] = values[label], sigmas[label]
    return found
