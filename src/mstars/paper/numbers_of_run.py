"""The numbers that the paper prints, of a finished run: which tables they need, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import pandas as pd

from mstars.core.bands import ORP
from mstars.core.labels import APOGEE_COLUMNS, LABELS
from mstars.core.snr import SNR, SNR_CATALOG
from mstars.files.json_files import read_json
from mstars.files.tables import read_table
from mstars.paper import claims, numbers

_COLUMNS = {
    "m_catalog": ["lamost_class", *SNR],
    "gaia": ["spectrum_key", "source_id", "radial_velocity", "radial_velocity_error", "rv_expected_sig_to_noise"],
    "photometry": ["spectrum_key", "CMD_flag", "CMD_pos"],
    "apogee": ["spectrum_key", "ASPCAP_CLASS", *APOGEE_COLUMNS.values()],
    "selection": ["spectrum_key", "candidate", "lamost_rv", "rv_dsal1", "rv_dsal2", "in_tm_band"],
    "recommended": [
        *("spectrum_key", "luminosity_class", "rv", "rv_paper_err", "rv_paper_from", "rv_flag", "parameter_flag"),
        *SNR_CATALOG.values(),
        *ORP,
        *(f"{name}{suffix}" for name in LABELS for suffix in ("", "_err", "_spread")),
    ],
}
_STAGES = (
    ["spectrum_key", "lamost_class", "spt_class", "wdm_class"],
    ["lamost_class", "luminosity_class", "dmgm_class"],
    ["spectrum_key", "rv_paper_from", "obsdate", "spt_class", "wdm_class", "dmgm_class"],
)
_NON_M = (["spt_class", "wdm_class"], ["dmgm_class"])
"""Of the long tables only what the numbers need."""


def numbers_of_run(
    files: Mapping[str, str | Sequence[str]], tasks: Sequence[str], rv_cut: str, snr_min: float
) -> dict[str, float]:
    """All numbers of a run that the paper has too.

    Parameters
    ----------
    files : mapping of str to path or list of path
        The inputs of the rule table_comparison: m_catalog (v0), gaia, photometry, apogee, selection, recommended,
        folds (an empty list without the engine cnn), labelled (training sets of dwarfs and giants; an empty list where
        the catalogue has no ensemble's parameters of training stars), summary (of the selection), ranges, sample,
        literature, contamination; training (summaries of spt and wdm), candidates (scm, dgcm), decisions (scm, dgcm,
        rv), catalogs (v1, v2, v3), non_m (v1, v2), validation (of each task).
    tasks : sequence of str
        The classifiers, in the order of ``validation``.
    rv_cut : str
        ``quality.rv_cut`` of the config.
    snr_min : float
        ``scm.snr_min`` of the config.

    Returns
    -------
    dict of str to float
        By the keys of ``resources/papers/li2025_numbers.csv``.
    """
    m_catalog, gaia, photometry, apogee, selection, catalog = (
        read_table(files[name], columns) for name, columns in _COLUMNS.items()
    )
    scm_queue, dgcm_queue = (read_table(path, ["spectrum_key"]) for path in files["candidates"])
    scm, dgcm, rv = (read_table(path, ["label"]) for path in files["decisions"])
    v1, v2, v3 = (read_table(path, columns) for path, columns in zip(files["catalogs"], _STAGES, strict=True))
    non_m_v1, non_m_v2 = (read_table(path, columns) for path, columns in zip(files["non_m"], _NON_M, strict=True))
    validated = {
        task: read_table(path, ["truth", "predicted"]) for task, path in zip(tasks, files["validation"], strict=True)
    }
    ours = {f"{task}_accuracy": numbers.average_accuracy(table) for task, table in validated.items()}
    ours |= numbers.scm_numbers(m_catalog, gaia, photometry, scm_queue, scm, v1, non_m_v1)
    ours |= numbers.dgcm_numbers(v1, photometry, dgcm_queue, dgcm, v2, non_m_v1, non_m_v2)
    ours |= numbers.rv_numbers(selection, read_json(files["summary"]), rv, v3, rv_cut=rv_cut)
    ours |= numbers.catalog_numbers(catalog, read_json(files["ranges"]))
    ours |= numbers.velocity_numbers(catalog, gaia, selection)
    ours |= claims.apogee_numbers(claims.apogee_differences(catalog, apogee))
    ours |= claims.faint_numbers(m_catalog, snr_min) | claims.red_end_numbers(v3, catalog)
    sets = dict(zip(("spt", "wdm"), map(read_json, files["training"]), strict=True))
    ours |= claims.training_numbers(sets, {task: validated[task] for task in ("wdm", "spt9")})
    if files["folds"]:  # of the engine cnn
        ours |= numbers.fold_numbers(read_table(files["folds"]))
    if files["labelled"]:
        labelled = [read_table(path, ["spectrum_key", *LABELS]) for path in files["labelled"]]
        ours |= claims.training_star_numbers(labelled, catalog)
    literature = read_table(files["literature"])
    ours |= numbers.literature_numbers(literature)
    ours |= claims.precision_numbers(literature, read_table(files["sample"]))
    return ours | numbers.random_numbers(read_table(files["contamination"]))


def folds_of_run(
    models: Sequence[str | Path], validation: Sequence[str | Path], kinds: Sequence[str], folds: Sequence[int]
) -> pd.DataFrame:
    """`mstars.paper.numbers.fold_table` of each class, one below the other.

    Parameters
    ----------
    models, validation : sequence of path
        Descriptions of the models (model.json) and their validation tables: of each class all folds.
    kinds : sequence of str
        The classes.
    folds : sequence of int
        Numbers of the folds.
    """
    found = {kind: {} for kind in kinds}
    for (kind, fold), model, table in zip(product(kinds, folds), models, validation, strict=True):
        found[kind][fold] = (read_table(table), read_json(model))
    return pd.concat([numbers.fold_table(kind, of) for kind, of in found.items()], ignore_index=True)
