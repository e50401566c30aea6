"""The plan of a survey: which file belongs to which spectrum, plate and batch, before any spectrum is read."""

from __future__ import annotations

import functools
import glob
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.core.errors import InputError
from mstars.lamost import archive
from mstars.lamost.cards import UnusableSpectrum, header_table
from mstars.lamost.catalogs import add_lamost_columns, catalog_table, coordinate_problems, read_catalog
from mstars.lamost.ingest import rejected_table
from mstars.lamost.names import SUFFIXES, batch_name, identity_of_name, pipeline_version
from mstars.lamost.other_classes import TRAINING_COLUMNS, choose_training, first_of_key
from mstars.lamost.reader import read_header


@dataclass
class Plan:
    """A survey's input, sorted out.

    Attributes
    ----------
    candidates : pandas.DataFrame
        m_catalog_v0: the spectra that the catalogue is made of.
    training : pandas.DataFrame
        class_catalog: spectra of other classes to train with, with ``label`` and ``source_catalog``.
    rejected : pandas.DataFrame
        What can't be used, with the reason.
    notes : list of str
        What a user should know.
    """

    candidates: pd.DataFrame
    training: pd.DataFrame
    rejected: pd.DataFrame
    notes: list[str] = field(default_factory=list)

    def rows(self) -> pd.DataFrame:
        """The plan itself: spectrum_key, obsid, filename, path, plate, batch, role, by batch and spectrum_key."""
        names = ["spectrum_key", "obsid", "filename", "path", "plate", "batch", "role"]
        rows = pd.concat([self.candidates[names], self.training[names]], ignore_index=True)
        return rows.sort_values(["batch", "spectrum_key"], ignore_index=True)


def list_files(pattern: str) -> list[str]:
    """FITS files of a folder (searched to the bottom) or of a glob pattern, sorted; of a tar archive its members.

    Raises
    ------
    InputError
        Nothing there.
    """
    if not pattern:
        raise InputError("files.spectra: not set; give a folder or a glob pattern of LAMOST FITS files")
    pattern = os.path.expanduser(str(pattern))
    if os.path.isdir(pattern):
        found = [os.path.join(top, name) for top, _, names in os.walk(pattern, followlinks=True) for name in names]
        found = [path for path in found if path.lower().endswith((*SUFFIXES, ".tar"))]
    else:
        found = [path for path in glob.glob(pattern, recursive=True) if os.path.isfile(path)]
    found = [inner for path in found for inner in _members_or_itself(path)]
    if not found:
        what = "no .fits or .fits.gz file in this folder" if os.path.isdir(pattern) else "no such folder, no file fits"
        raise InputError(f"files.spectra: {pattern!r}: {what}")
    return sorted(found)


def _members_or_itself(path: str) -> list[str]:
    if not path.lower().endswith(".tar"):
        return [path]
    return [os.path.join(path, name) for name in archive.members(path) if name.lower().endswith(SUFFIXES)]


def files_digest(pattern: str) -> str:
    """Hash of the names, sizes and times of the files, so that a changed folder is planned anew."""
    hashed = hashlib.sha256()
    for path in list_files(pattern):
        status = archive.file_status(path)
        hashed.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return hashed.hexdigest()[:16]


def plan_files(pattern: str) -> Plan:
    """Plan a folder of files: every file is a candidate, its header is the catalogue.

    Of several files of one spectrum the newest pipeline version stays (then the newest release, the latest date of
    writing, the last name); the others are rejected rows, as are files whose header can't be read.
    """
    values, rejected = [], []
    for path in list_files(pattern):
        try:
            values.append({**read_header(path), "path": path})
        except UnusableSpectrum as error:
            known = identity_of_name(path)
            rejected.append(
                {
                    "spectrum_key": known.spectrum_key if known else "",
                    "plate": known.plate if known else "",
                    "filename": os.path.basename(path),
                    "path": path,
                    "role": "candidate",
                    "reason": str(error),
                }
            )
    table = header_table(values, {"path": "str"})
    table["plate"] = table["lmjd"].astype(str) + "-" + table["planid"]
    table, repeats = _newest(table)
    table, astray = _with_coordinates(table)
    table = add_lamost_columns(table.assign(role="candidate"))
    rejected = _gather([pd.DataFrame(rejected), repeats, astray])
    if table.empty:
        raise InputError(f"files.spectra: {pattern!r}: none of {len(rejected)} files is usable; {_reasons(rejected)}")
    plan = Plan(catalog_table(table), catalog_table(pd.DataFrame(), TRAINING_COLUMNS), rejected)
    _note_shared_obsid(plan)
    return plan


def _reasons(rejected: pd.DataFrame) -> str:
    first = rejected.drop_duplicates("reason").head(3)
    return "; ".join(f"{row.filename}: {row.reason}" for row in first.itertuples())


def _gather(parts: list[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([rejected_table(part.assign(stage="plan")) for part in parts], ignore_index=True)


def _newest(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The newest file of each spectrum, and the others with the reason."""
    rank = [
        (pipeline_version(row.pipeline), pipeline_version(row.release), row.written, row.path)
        for row in table.itertuples()
    ]
    order = sorted(range(len(table)), key=rank.__getitem__)
    table = table.iloc[order]
    older = table["spectrum_key"].duplicated(keep="last")
    kept = table[~older].sort_values("spectrum_key", ignore_index=True)
    names = kept.set_index("spectrum_key")
    repeats = table[older].sort_values(["spectrum_key", "path"], ignore_index=True).assign(role="candidate")
    repeats["reason"] = [
        f"same spectrum twice: {names.at[row.spectrum_key, 'filename']} ({names.at[row.spectrum_key, 'pipeline']}) "
        f"is used, this file is of {row.pipeline or 'an unknown version'}"
        for row in repeats.itertuples()
    ]
    return kept, repeats


def _with_coordinates(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    reason = coordinate_problems(table["ra"].to_numpy(), table["dec"].to_numpy())
    astray = table[reason != ""].assign(role="candidate", reason=reason[reason != ""])
    return table[reason == ""].reset_index(drop=True), astray


def plan_release(
    spectra: str | Path,
    m_catalog: str | Path,
    *,
    general_catalog: str | Path | None = None,
    afgk_catalog: str | Path | None = None,
    wd_catalog: str | Path | None = None,
    per_class: int = 30000,
    snr_max: float = 5.0,
    seed: int = 0,
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

    Raises
    ------
    InputError
        A catalogue or the folder is missing, unreadable or lacks a column.
    """
    for name, value in (("spectra", spectra), ("m_catalog", m_catalog)):
        if not value:
            raise InputError(f"release.{name}: not set; a survey of kind release needs it (docs/input.md)")
    root = Path(spectra)
    if not root.is_dir():
        raise InputError(f"release.spectra: {root}: no such folder")
    candidates, unreadable = read_catalog(m_catalog)
    rejected = [unreadable.assign(role="candidate")]
    candidates, repeats = first_of_key(candidates.assign(role="candidate"), "the M catalogue")
    rejected.append(repeats)
    training, not_used, notes = choose_training(
        {"general": general_catalog, "afgk": afgk_catalog, "wd": wd_catalog},
        set(candidates["spectrum_key"]),
        per_class=per_class,
        snr_max=snr_max,
        seed=seed,
    )
    rejected.append(not_used)
    both = candidates if training.empty else pd.concat([candidates, training], ignore_index=True)
    both = find_files(both, root)
    missing = both["path"] == ""
    rejected.append(both[missing].assign(reason="no such file: " + both.loc[missing, "filename"] + " not in the tree"))
    both = both[~missing].sort_values("spectrum_key", ignore_index=True)
    plan = Plan(
        catalog_table(both[both["role"] == "candidate"]),
        catalog_table(both[both["role"] == "train"], TRAINING_COLUMNS),
        _gather(rejected),
        notes,
    )
    if plan.candidates.empty:
        raise InputError(f"release.spectra: {root}: no file of the {missing.sum()} in {m_catalog} is there")
    _note_shared_obsid(plan)
    return plan


def find_files(table: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Add ``filename`` and ``path`` of each spectrum in a release's tree; path '' where there is no file.

    Each plate's folder is listed once; ``{planid}.tar`` serves as a folder (see `mstars.lamost.archive`). It is the
    first that exists of ``{obsdate}/{planid}``, ``{yyyymmdd}/{planid}``, ``{lmjd}/{planid}``, ``{planid}`` and the root
    itself; files are ``spec-....fits[.gz]`` or ``{obsid}.fits[.gz]``.
    """
    filename, path = np.full(len(table), "", dtype=object), np.full(len(table), "", dtype=object)
    known = functools.cache(lambda folder: archive.listing(os.path.join(root, folder)))

    fibre = zip(table["spid"], table["fiberid"], strict=True)
    stems = [f"spec-{plate}_sp{sp:02d}-{fi:03d}" for plate, (sp, fi) in zip(table["plate"], fibre, strict=True)]
    obsids = ["" if number is pd.NA else str(number) for number in table["obsid"]]
    dates, plans, days = (table[name].to_numpy() for name in ("obsdate", "planid", "lmjd"))
    for rows in table.groupby("plate", sort=True).indices.values():
        date, planid = str(dates[rows[0]]), str(plans[rows[0]])
        folders = (f"{date}/{planid}", f"{date.replace('-', '')}/{planid}", f"{days[rows[0]]}/{planid}", planid, ".")
        folder = next((name for name in folders if known(name)), folders[0])
        present = known(folder)
        for row in rows:
            names = [stem + suffix for stem in (stems[row], obsids[row]) if stem for suffix in (".fits.gz", ".fits")]
            found = next((name for name in names if name in present), None)
            filename[row] = found or names[0]
            path[row] = present[found] if found else ""
    return table.assign(filename=filename, path=path)


def _note_shared_obsid(plan: Plan) -> None:
    rows = plan.rows().dropna(subset=["obsid"])
    shared = rows[rows["obsid"].duplicated(keep=False)]
    for obsid, group in shared.groupby("obsid"):
        plan.notes.append(f"obsid {obsid} belongs to {' and '.join(group['spectrum_key'])}: each is kept by its key")


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
            status = archive.file_status(row.path)
            hashed.update(f"{row.spectrum_key}\0{row.path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
        described[batch] = {
            "n_spectra": len(group),
            "n_candidates": int((group["role"] == "candidate").sum()),
            "n_plates": int(group["plate"].nunique()),
            "digest": hashed.hexdigest()[:16],
        }
    return described
