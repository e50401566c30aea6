"""Cycle-StarNet behind the contract of the parameter engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.core.randomness import rng
from mstars.engines.base import BaseEngine, empty_estimates
from mstars.engines.contract import EngineInput, Estimates, HeldOut
from mstars.engines.csn.architecture import Generator, Sizes
from mstars.engines.csn.emulator import Emulator
from mstars.engines.csn.info import INFO
from mstars.engines.csn.inputs import grid_of, observed_inputs, unmasked
from mstars.engines.csn.labels import estimate, fit_spectra, within
from mstars.engines.csn.latents import separability
from mstars.engines.csn.passage import AlphaTie, Passage, passage_arrays, passage_of
from mstars.engines.csn.population import VARIANTS, alpha_tie
from mstars.engines.csn.theory import PART as EMULATOR
from mstars.engines.csn.theory import read_emulator
from mstars.engines.csn.training import Domains, flux_scale, train_networks
from mstars.engines.folder import read_model, write_model
from mstars.files.tables import read_table
from mstars.networks.checkpoint import remove_checkpoint
from mstars.networks.device import torch_device
from mstars.spectra.container import SpectrumSet
from mstars.spectra.grids import Grid

_STARTS = 500


def population_file(folder: Path) -> Path:
    """Where the labels of a part's synthetic set are."""
    return folder / "population.parquet"


@dataclass
class CsnModel:
    """A passage, the settings of its fits, and what it was trained on."""

    passage: Passage
    settings: Mapping
    about: dict


class CsnEngine(BaseEngine):
    """Teff, log g and [M/H] of M dwarfs by theoretical spectra that a network has moved into the observed domain."""

    info = INFO

    def grid(self, settings: Mapping) -> Grid:
        """The grid of ``engines.csn.grid``."""
        return grid_of(settings)

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Section 2.4."""
        return observed_inputs(spectra, rv, settings)

    def train(
        self,
        x: EngineInput,
        table: pd.DataFrame,
        *,
        kind: str,
        part: str,
        settings: Mapping,
        seed: int,
        folder: Path,
        about: Mapping,
    ) -> None:
        """Train the networks on observed spectra without labels.

        ``x`` and ``table`` are those of `mstars.engines.csn.observed_set`. The emulator is read from the folder
        ``emulator`` beside ``folder``, the labels of the synthetic set from ``population.parquet`` in it. ``part`` is
        ``all``, or one of `VARIANTS` for the experiments.
        """
        if part not in VARIANTS:
            raise ValueError(f"part {part!r}, expected one of {VARIANTS}")
        emulator = read_emulator(folder.parent / EMULATOR, kind, settings)
        stars = read_table(population_file(folder))
        domains = _domains(x, table, stars, emulator, settings)
        network, sizes = dict(settings["network"]), Sizes.of(settings["network"], settings["grid"]["pad_to"])
        tie, start = _tie_and_start(stars, emulator, seed)
        judged = _usable(x, table, "valid")[: network["judged"]]
        wavelength = self.grid(settings).wavelength

        def passage(generator: Generator) -> Passage:
            return Passage(generator, emulator, domains.scale, torch.from_numpy(domains.used), tie, start)

        if settings["sample"]["beyond"] == "left_out":
            with torch.no_grad():
                domains.rows = within(passage(Generator(sizes)), x, domains.rows, domains.labels, settings["fit"])

        def judge(generator: Generator) -> dict[str, float]:
            return cross_domain(passage(generator), x.take(judged), settings, wavelength)

        device = torch_device(network["device"])
        draws = int(rng(seed, "csn", "train", kind).integers(2**31))
        generator, history, found = train_networks(
            domains, sizes, network, judge, seed=draws, folder=folder, device=device
        )
        best = passage(generator)
        tested = _usable(x, table, "test")
        found |= separability(best, np.asarray(x.flux)[tested], domains.labels, seed=draws)
        labels = stars[list(INFO.labels)].to_numpy(dtype=float)
        found |= {"label_min": labels.min(axis=0), "label_max": labels.max(axis=0)}
        found |= {"n_observed": len(domains.rows), "n_synthetic": len(stars), "sizes": vars(sizes), "seed": seed}
        found |= {"activation": settings["emulator"]["activation"], "masks": [list(mask) for mask in settings["masks"]]}
        arrays, grid = passage_arrays(best), self.grid(settings)
        write_model(
            folder, INFO, arrays, kind=kind, part=part, grid=grid, about={**about, **found}, history=history
        )  # fmt: skip
        remove_checkpoint(folder)

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> CsnModel:
        """The passage of the one folder.

        Raises
        ------
        InputError
            Also when the masks of the settings are not those of the training.
        """
        folder = Path(folders[0])
        stored = read_model(folder, INFO, kind=kind, grid=self.grid(settings))
        about = stored.about
        if about.get("masks") != [list(mask) for mask in settings["masks"]]:
            raise InputError(f"{folder}/model.json: trained with the masks {about.get('masks')}; train it again")
        try:
            passage = passage_of(stored.arrays, Sizes.from_dict(about["sizes"]), about["activation"]).double()
        except (KeyError, TypeError, RuntimeError) as error:
            raise InputError(f"{folder}: weights that do not fit its model.json ({error}); train it again") from None
        return CsnModel(passage, settings, about)

    def predict(self, model: CsnModel, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Labels by the fits of section 3.5, each with the error of its curvature."""
        if len(x) == 0:
            return empty_estimates(INFO, 0)
        return estimate(model.passage, x, model.settings, self.grid(model.settings).wavelength)

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """The networks have seen no labels: each labelled star is as any other."""
        found = self.predict(self.load([folders["all"]], kind=kind, settings=settings), x, table)
        return HeldOut(found, found)


def cross_domain(passage: Passage, x: EngineInput, settings: Mapping, wavelength: np.ndarray) -> dict[str, float]:
    """How well theory, moved into the observed domain and fitted, describes spectra that were held out.

    Returns
    -------
    dict
        chi2 (median per degree of freedom), and chi2_theory, the same without transfer.
    """
    fit = {**settings["fit"], "optimiser": "gauss_newton", "rv": "catalogue"}
    passage.generator.eval()
    flux, ivar = (torch.from_numpy(np.array(array)) for array in (x.flux, x.ivar))
    found, chunk = [], fit["chunk"]
    with torch.no_grad():
        for first in range(0, len(flux), chunk):
            part = slice(first, first + chunk)
            fits = fit_spectra(passage, flux[part], ivar[part], fit, wavelength)
            freedom = (fits.pixels - fits.final.y.shape[1]).clamp(min=1)
            found.append(torch.stack([fits.final.chi2 / freedom, fits.theory.chi2 / freedom]))
    medians = torch.cat(found, dim=1).median(dim=1).values
    return {"chi2": float(medians[0]), "chi2_theory": float(medians[1])}


def _usable(x: EngineInput, table: pd.DataFrame, split: str) -> np.ndarray:
    """Rows of a part of the observed set that have information."""
    rows = np.flatnonzero((table["split"] == split).to_numpy())
    return rows[(np.asarray(x.ivar[rows]) > 0).any(axis=1)]


def _domains(x: EngineInput, table: pd.DataFrame, stars: pd.DataFrame, emulator: Emulator, settings) -> Domains:
    used = unmasked(grid_of(settings).wavelength, settings["masks"])
    labels = np.array(stars[list(LABELS)], dtype=float)
    network = settings["network"]
    return Domains(
        x.flux,
        x.ivar,
        _usable(x, table, "train"),
        labels,
        emulator,
        flux_scale(emulator, labels, used, settings["grid"]["pad_to"]),
        used,
        network["synth_error"],
        network["least_error"],
    )


def _tie_and_start(stars: pd.DataFrame, emulator: Emulator, seed: int) -> tuple[AlphaTie, torch.Tensor]:
    """[alpha/M] against [M/H] of the synthetic set, and labels from which fits start, both scaled."""
    m_h, alpha_m = alpha_tie(stars)
    knots = np.zeros((len(m_h), len(LABELS)))
    knots[:, 2], knots[:, 3] = m_h, alpha_m
    knots = emulator.scaled(torch.from_numpy(knots))
    tie = AlphaTie(knots[:, 2].contiguous(), knots[:, 3].clamp(-0.5, 0.5).contiguous())
    rows = rng(seed, "csn", "starts").choice(len(stars), min(_STARTS, len(stars)), replace=False)
    start = emulator.scaled(torch.from_numpy(np.array(stars[list(LABELS)], dtype=float)[rows]))
    start[:, 3] = tie(start[:, 2])
    return tie, start


ENGINE = CsnEngine()
