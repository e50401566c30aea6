"""Several files of one spectrum: the best usable one is used, the others are rejected rows."""

from __future__ import annotations

import pandas as pd

from mstars.lamost.dates import observation_day
from mstars.lamost.ingest import ingest_batch
from mstars.lamost.names import pipeline_version

_CHUNK = 500


def best_usable(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The best usable file of each spectrum.

    Files that share a spectrum are read. Of the usable ones those with data in more arms go first, then the newest
    pipeline version, the newest release, the latest date of writing, the last name.

    Parameters
    ----------
    table : pandas.DataFrame
        spectrum_key, filename, path, role and whatever else, a row a file.

    Returns
    -------
    best, others : pandas.DataFrame
        Rows of ``table``; the others with ``reason``. A spectrum whose files are all unusable is in ``others`` alone.
    """
    shared = table["spectrum_key"].duplicated(keep=False)
    if not shared.any():
        return table.sort_values("spectrum_key", ignore_index=True), table[:0].assign(reason="")
    several = table[shared].reset_index(drop=True)
    header, reasons = read_files(several)
    several = several.assign(reason=reasons, missing=header["missing_arm"], version=header["pipeline"])
    unusable, usable = several[reasons != ""], several[reasons == ""]
    rank = [
        (
            -len([arm for arm in row.missing_arm.split(";") if arm]),
            pipeline_version(row.pipeline),
            pipeline_version(row.release),
            observation_day(row.written) or row.written,
            row.written,
            usable.at[row.Index, "path"],
        )
        for row in header.loc[usable.index].itertuples()
    ]
    usable = usable.iloc[sorted(range(len(usable)), key=rank.__getitem__)]
    worse = usable["spectrum_key"].duplicated(keep="last")
    used = usable[~worse].set_index("spectrum_key")
    repeats = usable[worse].copy()
    repeats["reason"] = [_why(row, used.loc[row.spectrum_key]) for row in repeats.itertuples()]
    own = ["missing", "version"]
    best = pd.concat([table[~shared], usable[~worse].drop(columns=[*own, "reason"])], ignore_index=True)
    others = pd.concat([unusable, repeats], ignore_index=True).drop(columns=own)
    return (
        best.sort_values("spectrum_key", ignore_index=True),
        others.sort_values(["spectrum_key", "path"], ignore_index=True),
    )


def _why(row, used: pd.Series) -> str:
    lacks = f" and lacks the {row.missing.replace(';', ' and the ')} arm" if row.missing else ""
    return (
        f"same spectrum twice: {used['filename']} ({used['version']}) is used, "
        f"this file is of {row.version or 'an unknown version'}{lacks}"
    )


def read_files(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """What ingest says of files.

    Parameters
    ----------
    table : pandas.DataFrame
        spectrum_key, filename, path, role, a row a file.

    Returns
    -------
    header : pandas.DataFrame
        Header and spectrum columns of `mstars.lamost.ingest`, in the order and with the index of ``table``; all
        missing where a file is unusable.
    reasons : pandas.Series of str
        Why a file is unusable, '' where it is usable; the index of ``table``.
    """
    headers, reasons = [], pd.Series("", index=table.index, dtype=object)
    for start in range(0, len(table), _CHUNK):
        rows = table.iloc[start : start + _CHUNK]
        # each file by its place in the table, which comes back as its plate
        plan = rows[["spectrum_key", "filename", "path", "role"]].assign(plate=rows.index.astype(str), batch="")
        _, header, rejected = ingest_batch(plan)
        failed = rejected["plate"].astype(rows.index.dtype)
        reasons.loc[failed] = rejected["reason"].to_numpy()
        headers.append(header.set_axis(rows.index[~rows.index.isin(failed)]))
    return pd.concat(headers).reindex(table.index), reasons
