"""Calibration spectra (``review.calibration``): their right labels are known, and reviewers see them blind."""

from __future__ import annotations

from dataclasses import dataclass, field

from mstars.core.errors import InputError
from mstars.files.tables import read_table
from mstars_desk.queue_folder import QueueFolder


@dataclass(frozen=True)
class BlindSpectra:
    """Spectra of a simulated survey whose right labels are known.

    Attributes
    ----------
    right : dict of str to set of str
        The right labels of each spectrum_key. Empty: spectra that reviewers agreed on serve instead.
    queue : QueueFolder or None
        The queue that holds these spectra.
    """

    right: dict[str, set[str]] = field(default_factory=dict)
    queue: QueueFolder | None = None


def read_blind_spectra(queue: QueueFolder) -> BlindSpectra:
    """Calibration spectra from the survey that ``review.calibration.survey`` names.

    Parameters
    ----------
    queue : QueueFolder
        The queue under review. Spectra that it holds itself are left out.

    Returns
    -------
    BlindSpectra
        Empty when no survey is named.

    Raises
    ------
    InputError
        When the named survey is the one under review, or has no such queue or no table of right labels.
    """
    named = queue.settings["calibration"]["survey"]
    if not named:
        return BlindSpectra()
    results = queue.root / named
    if results.resolve() == queue.results:
        raise InputError("review.calibration.survey: a survey can't calibrate its own reviewers; name another survey")
    other = QueueFolder(results / "review" / queue.name)
    table = read_table(results / "validation" / f"calibration_{queue.name}.parquet")
    table = table[(table["right"] != "") & table["spectrum_key"].isin(other.place)]
    table = table[~table["spectrum_key"].isin(queue.place)]
    return BlindSpectra({row.spectrum_key: set(row.right.split(";")) for row in table.itertuples()}, other)
