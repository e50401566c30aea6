"""What the page of a run says first: where the spectra went, how healthy the run is, what to trust."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.flags import EngineFlag

REJECTED = "rejected"
"""``final_class`` of a spectrum whose file could not be used."""


@dataclass
class Step:
    """One step of the flow of counts.

    Attributes
    ----------
    name : str
    number : int
        Spectra that are left.
    share : float
        Of the input.
    out : list of tuple
        What left before this step: name and number.
    """

    name: str
    number: int
    share: float
    out: list[tuple[str, int]]


def facts(classification: pd.DataFrame, catalog: pd.DataFrame, zero_point: Mapping, simulated: bool) -> dict[str, list]:
    """`flow`, `trust` and `health` of a run, by name."""
    return {
        "flow": flow(classification, catalog),
        "trust": trust(catalog, simulated),
        "health": health(classification, catalog, zero_point),
    }


def flow(classification: pd.DataFrame, catalog: pd.DataFrame) -> list[Step]:
    """Where the spectra of a run went, from the input to what is recommended.

    Parameters
    ----------
    classification : pandas.DataFrame
        One row an input spectrum: final_class.
    catalog : pandas.DataFrame
        The recommended catalogue: luminosity_class, rv_flag, parameter_flag.
    """
    n, kinds = len(classification), classification["final_class"].astype(str).value_counts()
    n_rejected = int(kinds.get(REJECTED, 0))
    others = [(str(name), int(count)) for name, count in kinds.items() if name not in (*LUMINOSITY_CLASSES, REJECTED)]
    of_kind = [(kind, int((catalog["luminosity_class"] == kind).sum())) for kind in LUMINOSITY_CLASSES]
    steps = [
        ("input spectra", n, []),
        ("spectra that could be read", n - n_rejected, [("files that could not be used", n_rejected)]),
        ("spectra of M stars, in the catalogue", len(catalog), others),
    ]
    steps += [(f"of them {kind}", count, []) for kind, count in of_kind]
    for name, flag in (("velocity", "rv_flag"), ("parameters", "parameter_flag")):
        good = int((catalog[flag] == 1).sum())
        steps.append((f"with recommended {name} ({flag} 1)", good, [(f"with {flag} 0", len(catalog) - good)]))
    return [Step(name, number, number / max(n, 1), [pair for pair in out if pair[1]]) for name, number, out in steps]


def health(classification: pd.DataFrame, catalog: pd.DataFrame, zero_point: Mapping) -> list[tuple[str, str, str]]:
    """What to look at in a run whose truth no one knows: name, value, and when to worry.

    Parameters
    ----------
    classification, catalog : pandas.DataFrame
        As in `flow`; the catalogue also has source_id, rv_paper_from, review_status.
    zero_point : mapping
        Of ``rv/zero_point.json``.
    """
    rejected, offset = classification["final_class"] == REJECTED, zero_point["all"]
    replaced = ~catalog["rv_paper_from"].isin(["LAMOST", ""]) & catalog["rv_paper_from"].notna()
    waiting = int((classification["review_status"] == "provisional").sum())
    rows = [
        ("files that could not be used", _share(rejected), "above 2 %: read ingest/rejected.parquet"),
        ("spectra with a star in Gaia", _share(catalog["source_id"].notna()), "below 90 %: is external.gaia complete?"),
        ("recommended velocities", _share(catalog["rv_flag"] == 1), "below 90 %: see rv_flag in the columns"),
        ("LAMOST velocities replaced (paper's rule)", _share(replaced), "above 5 %: look at the queue rv"),
        ("recommended parameters", _share(catalog["parameter_flag"] == 1), "0 %: the models are of simulated spectra"),
    ]
    if offset["value"] is None:
        rows.append(("velocities minus Gaia's", "no star with a velocity of Gaia", "give external.gaia"))
    else:
        value = f"{offset['value']:+.1f} ± {offset['error']:.1f} km/s, {offset['n']:,} stars"
        rows.append(("velocities minus Gaia's", value, "LAMOST's are near -5 km/s"))
    reviewed = int((classification["review_status"] == "reviewed").sum())
    return [*rows, ("candidates that a rule decided", f"{waiting:,}; people decided {reviewed:,}", "look at some")]


def _share(which: pd.Series) -> str:
    return f"{100 * which.mean():.1f} %, {int(which.sum()):,} of {len(which):,}" if len(which) else "none"


def trust(catalog: pd.DataFrame, simulated: bool) -> list[tuple[str, str, str]]:
    """What, whether to use it for science, and how.

    Parameters
    ----------
    catalog : pandas.DataFrame
        The recommended catalogue: engine_flag, parameter_flag.
    simulated : bool
        Whether no star of the survey is in the sky.
    """
    by_simulation = bool(((catalog["engine_flag"] & EngineFlag.SIMULATION_TRAINED) > 0).any())
    if simulated:
        labels = ("no", "The survey is simulated. Its numbers say that the machinery works.")
    elif by_simulation or not (catalog["parameter_flag"] == 1).any():
        labels = ("no", "The models have learnt from simulated spectra. Train on real labels first.")
    else:
        labels = (
            "with parameter_flag 1",
            "teff_err and the like are calibrated. The scale is that of the training labels.",
        )
    yes = "no" if simulated else "with rv_flag 1"
    return [
        ("velocities", yes, "rv with rv_err. It is not on Gaia's zero point: subtract rv_zero_point of the extension."),
        ("M star or not, dM or gM", "no" if simulated else "with a look at the queues", "luminosity_class, non_m"),
        ("Teff, log g, [M/H], [alpha/M]", *labels),
    ]
