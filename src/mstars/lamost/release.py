"""The plan of a LAMOST release: catalogues that name the spectra, and the tree where their files are."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.config.classes import Scm
from mstars.core.errors import InputError
from mstars.lamost import archive
from mstars.lamost.catalogs import catalog_table, read_catalog
from mstars.lamost.duplicates import best_usable
from mstars.lamost.names import SPECTRUM_NAME, Identity, stem_of
from mstars.lamost.other_classes import TRAINING_COLUMNS, Contradicted, choose_training, first_of_key
from mstars.lamost.plan import Plan, gather, note_doubts, reasons, with_snr
from mstars.lamost.tree import name_problem

_FOLDERS = 64  # a plate's own, and those that several plates may share


def plan_release(
    spectra: str | Path,
    m_catalog: str | Path,
    *,
    general_catalog: str | Path | None = None,
    afgk_catalog: str | Path | None = None,
    wd_catalog: str | Path | None = None,
    per_class: int = Scm.default("n_per_class"),
    snr_max: float = Scm.default("snr_min"),
    seed: int = 0,
    contradicted: Mapping[str, Contradicted] | None = None,
) -> Plan:
    """Plan a LAMOST release as it is laid out on disk.

    Parameters
    ----------
    spectra : str or Path
        Root of ``{obsdate}/{planid}/spec-....fits.gz``; see `find_files` for the other layouts understood.
    m_catalog : str or Path
        The M catalogue: its rows are the candidates.
    general_catalog, afgk_catalog, wd_catalog : str or Path, optional
        Where the classes OB, GALAXY and QSO, then A, F, G and K, then WD of the training come from (section 3.4.1).
    per_class : int, optional
        At most so many training spectra a class, drawn at random (the paper: 30,000).
    snr_max : float, optional
        Training spectra have S/N_max >= this, the best of the five bands.
    seed : int, optional
        Seed of the draw.
    contradicted : mapping of str to callable, optional
        Training labels that external classes contradict; see `choose_training`.

    Raises
    ------
    InputError
        A catalogue or the folder is missing, unreadable or lacks a column.
    """
    for name, value in (("spectra", spectra), ("m_catalog", m_catalog)):
        if not value:
            raise InputError(f"release.{name}: not set; a survey of kind release needs it (docs/methods/input.md)")
    root = Path(spectra).expanduser()
    if not root.is_dir():
        raise InputError(f"release.spectra: {root}: no such folder")
    catalogs = {"general": general_catalog, "afgk": afgk_catalog, "wd": wd_catalog}
    drawn = {"per_class": per_class, "snr_max": snr_max, "seed": seed, "contradicted": contradicted}
    both, rejected, notes = _named_together(m_catalog, catalogs, **drawn)
    n_candidates = int((both["role"] == "candidate").sum()) + len(rejected[0])
    both, missing = find_files(both, root)
    both, others = best_usable(both)
    both = with_snr(both)
    candidates = catalog_table(both[both["role"] == "candidate"])
    training = catalog_table(both[both["role"] == "train"], TRAINING_COLUMNS)
    plan = Plan(candidates, training, gather([*rejected, missing, others]), notes)
    if plan.candidates.empty:
        why = reasons(plan.rejected[plan.rejected["role"] == "candidate"])
        raise InputError(f"release.spectra: {root}: no usable file of the {n_candidates} rows of {m_catalog}; {why}")
    note_doubts(plan)
    return plan


def _named_together(m_catalog, catalogs: Mapping, **drawn) -> tuple[pd.DataFrame, list[pd.DataFrame], list[str]]:
    """Candidates and training spectra as one table, rejected rows and notes of `named_spectra`."""
    candidates, training, rejected, notes = named_spectra(m_catalog, catalogs, **drawn)
    both = candidates if training.empty else pd.concat([candidates, training], ignore_index=True)
    return both, rejected, notes


def named_spectra(m_catalog: str | Path, catalogs: Mapping[str, str | Path | None], **drawn) -> tuple:
    """The spectra that a release's catalogues name, before any file is looked for.

    Parameters
    ----------
    m_catalog : str or Path
    catalogs : mapping of str to path or None
        Of other classes: general, afgk, wd.
    **drawn
        As of `mstars.lamost.other_classes.choose_training`.

    Returns
    -------
    candidates, training : pandas.DataFrame
        Rows of the catalogues.
    rejected : list of pandas.DataFrame
        Rows that can't be used, first those of the M catalogue that can't be read.
    notes : list of str
    """
    candidates, unreadable = read_catalog(m_catalog)
    candidates, repeats = first_of_key(candidates.assign(role="candidate"), "the M catalogue")
    training, not_used, notes = choose_training(dict(catalogs), candidates["spectrum_key"], **drawn)
    return candidates, training, [unreadable.assign(role="candidate"), repeats, not_used], notes


def named_files(
    catalogs: Mapping, options: Mapping, seed: int, contradicted: Mapping[str, Contradicted] | None = None
) -> pd.DataFrame:
    """Candidates and training spectra of a release as one table, each spectrum once.

    Parameters
    ----------
    catalogs : mapping
        m_catalog, and where there are any general_catalog, afgk_catalog, wd_catalog.
    options : mapping
        n_per_class and snr_min of the config's section ``scm``.
    seed, contradicted
        As for `plan_release`.
    """
    others = {name: catalogs.get(f"{name}_catalog") for name in ("general", "afgk", "wd")}
    drawn = {"per_class": options["n_per_class"], "snr_max": options["snr_min"], "seed": seed}
    return _named_together(catalogs.get("m_catalog"), others, contradicted=contradicted, **drawn)[0]


def find_files(table: pd.DataFrame, root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The files of each spectrum in a release's tree.

    Each plate's folder is listed once; ``{planid}.tar`` serves as a folder (see `mstars.lamost.archive`). A plate may
    be in ``{obsdate}/{planid}``, ``{yyyymmdd}/{planid}``, ``{lmjd}/{planid}``, ``{planid}`` and the root itself; files
    are ``spec-....fits`` or ``{obsid}.fits``, compressed or not.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of catalogues, each spectrum_key once.
    root : Path
        The tree.

    Returns
    -------
    found : pandas.DataFrame
        The table with ``filename`` and ``path``: a row a file, so that a spectrum with two files has two rows.
    missing : pandas.DataFrame
        The spectra without a file, with the reason.
    """
    known = functools.lru_cache(_FOLDERS)(lambda folder: _files_by_stem(os.path.join(root, folder)))
    spids, fibres = (table[name].to_numpy() for name in ("spid", "fiberid"))
    obsids = table["obsid"].to_numpy(dtype="int64", na_value=0)
    rows_found, paths, rows_missing, missed, reason = [], [], [], [], []
    plates = list(table.groupby("plate", sort=True).indices.values())
    first = table[["obsdate", "planid", "lmjd"]].iloc[[rows[0] for rows in plates]]
    for rows, (date, planid, day) in zip(plates, first.itertuples(index=False, name=None), strict=True):
        names = (f"{date}/{planid}", f"{date.replace('-', '')}/{planid}", f"{day}/{planid}", planid, ".")
        folders = [known(name) for name in names]
        why = next((folder.why for folder in folders if folder.why), "")
        for row in rows:
            stem = Identity(day, planid, spids[row], fibres[row]).stem
            names = stem.lower(), str(obsids[row] or "")
            found = [path for name in names for of in folders for path in of.files.get(name, ())]
            rows_found += [row] * len(found)
            paths += found
            if not found:
                rows_missing.append(row)
                missed.append(f"{stem}.fits.gz")
                reason.append(f"no such file: {missed[-1]} not in the tree{why}")
    # put in order before their rows: a whole table that is sorted is in memory twice
    files = pd.DataFrame({"key": table["spectrum_key"].iloc[rows_found].reset_index(drop=True), "path": paths})
    del paths
    files = files.sort_values(["key", "path"])
    found = table.iloc[np.array(rows_found, dtype=int)[files.index]].reset_index(drop=True)
    found["filename"] = [os.path.basename(path) for path in files["path"]]
    found["path"] = files["path"].reset_index(drop=True)
    return found, table.iloc[rows_missing].assign(reason=reason, filename=missed)


@dataclass(frozen=True)
class _Folder:
    """Paths of the files of a folder by their stems (small letters), and why it can't be read ('' where it can)."""

    files: dict[str, list[str]]
    why: str = ""


def _files_by_stem(folder: str) -> _Folder:
    files: dict[str, list[str]] = {}
    found, why = archive.listing(folder)
    for name in sorted(found):
        if SPECTRUM_NAME.search(name) and not name_problem(found[name]):
            files.setdefault(stem_of(name).lower(), []).append(found[name])
    return _Folder(files, f"; {why}" if why else "")
