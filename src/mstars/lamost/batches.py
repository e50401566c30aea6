"""Plates put together into batches, the units of work, and what tells whether a batch must be ingested anew."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import pandas as pd

from mstars.lamost import archive
from mstars.lamost.names import batch_name
from mstars.lamost.other_classes import Contradicted
from mstars.lamost.plan import Plan, plan_files
from mstars.lamost.release import plan_release


def make_plan(
    source: Mapping, options: Mapping, seed: int, contradicted: Mapping[str, Contradicted] | None = None
) -> Plan:
    """Plan a survey of any kind and put its plates into batches.

    Parameters
    ----------
    source : mapping
        ``files``: what `plan_files` takes; or ``release``: the paths that `plan_release` takes, by name.
    options : mapping
        Of the config's sections ``plan`` and ``scm``: plates_per_batch, min_spectra; n_per_class, snr_min.
    seed : int
        Seed of the draw of training spectra.
    contradicted : mapping of str to callable, optional
        Of a release: training labels that external classes contradict, by the table's name.

    Returns
    -------
    Plan
        With the column ``batch``.

    Raises
    ------
    InputError
        As those two do.
    """
    if "files" in source:
        plan = plan_files(source["files"])
    else:
        drawn = {"per_class": options["n_per_class"], "snr_max": options["snr_min"]}
        plan = plan_release(**source["release"], **drawn, seed=seed, contradicted=contradicted)
    assign_batches(plan, options["plates_per_batch"], options["min_spectra"])
    return plan


def assign_batches(plan: Plan, plates_per_batch: int, min_spectra: int) -> None:
    """Group plates, in order of day and name, into batches, in place.

    A batch ends when it has ``plates_per_batch`` plates and ``min_spectra`` spectra, and has its first plate's name. So
    plates of later nights leave the batches before them as they are.
    """
    both = [plan.candidates, plan.training]
    plates = pd.concat([table[["plate", "lmjd"]] for table in both], ignore_index=True)
    counts = plates.groupby(["lmjd", "plate"], sort=True).size()
    names: dict[str, str] = {}
    current, n_plates, n_spectra, used = "", 0, 0, set()
    for (_, plate), count in counts.items():
        if not current or (n_plates >= plates_per_batch and n_spectra >= min_spectra):
            current, n_plates, n_spectra = batch_name(plate), 0, 0
            while current in used:
                current += "+"
            used.add(current)
        names[plate] = current
        n_plates, n_spectra = n_plates + 1, n_spectra + count
    for table in both:
        table["batch"] = table["plate"].map(names).astype("str")


def describe_batches(rows: pd.DataFrame) -> dict[str, dict]:
    """Size, plates and a digest of each batch's rows, which tells whether a batch must be ingested anew.

    The digest covers names, and size and time of each file where it is loose, so that a replaced file is seen.
    """
    described = {}
    for batch, group in rows.groupby("batch", sort=True):
        hashed = hashlib.sha256()
        for row in group.itertuples():
            hashed.update(f"{row.spectrum_key}\0{row.path}\0{archive.file_status(row.path)}\n".encode())
        described[batch] = {
            "n_spectra": len(group),
            "n_candidates": int((group["role"] == "candidate").sum()),
            "n_plates": int(group["plate"].nunique()),
            "digest": hashed.hexdigest()[:16],
        }
    return described
