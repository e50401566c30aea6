"""CNN-TLMA behind the contract of the parameter engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mstars.engines.base import BaseEngine
from mstars.engines.cnn.ensemble import fold_outputs, load_folds, training_limits
from mstars.engines.cnn.info import INFO
from mstars.engines.cnn.training import train_fold
from mstars.engines.contract import EngineInput, Estimates, HeldOut, TableReader
from mstars.networks.inference import Ensemble, place
from mstars.parameters.label_set import SurveyRules
from mstars.spectra.container import SpectrumSet
from mstars.spectra.normalisation import zscore
from mstars.spectra.resampling import resample_linear


@dataclass
class CnnModel:
    """The ensemble of a class, and what it was trained on."""

    ensemble: Ensemble
    about: dict


class CnnEngine(BaseEngine):
    """Ensembles of the network of the paper's Fig. 2."""

    info = INFO

    def training_set(
        self, read: TableReader, *, kind: str, settings: Mapping, rules: SurveyRules
    ) -> tuple[pd.DataFrame, dict]:
        """m_catalog_v3 with APOGEE's labels; the summary has the section ``spmm`` alone."""
        own = {key: value for key, value in settings.items() if key not in ("networks", "cuts", "least_snr")}
        return self.with_apogee(read, self.info.labels, "spmm", kind=kind, settings=own, rules=rules)

    def prepare(self, spectra: SpectrumSet, rv: np.ndarray, settings: Mapping) -> EngineInput:
        """Steps 1, 2, 3, 4a and 5 of section 3.2."""
        flux, filled = resample_linear(spectra, self.info.grid.wavelength, rv)
        return EngineInput(zscore(flux), None, filled)

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
        """Train the model whose validation set is one fold; also writes validation.parquet (Table 8, Fig. 12)."""
        train_fold(
            x.flux,
            table,
            kind=kind,
            fold=int(part.removeprefix("fold")),
            networks=settings["networks"],
            settings=settings,
            seed=seed,
            folder=folder,
            about=dict(about),
        )

    def load(self, folders: Sequence[Path], *, kind: str, settings: Mapping, gpus: int = 0) -> CnnModel:
        """The ensemble of the folds' models, on the GPU where one was asked for and is seen."""
        models = load_folds(folders, kind)
        place(models, gpus)
        sources = [model.about.get("trained_on") for model in models]
        lower, upper = training_limits(models)
        about = {"trained_on": "simulated" if "simulated" in sources else sources[0]}
        return CnnModel(Ensemble(models), about | {"label_min": lower, "label_max": upper})

    def predict(self, model: CnnModel, x: EngineInput, about: pd.DataFrame) -> Estimates:
        """Mean and standard deviation over the folds' models (section 3.4.4); NaN for a spectrum of constants."""
        outputs = model.ensemble.predict(x.flux)
        return Estimates(outputs.mean(axis=0), outputs.std(axis=0))

    def held_out(
        self, folders: Mapping[str, Path], x: EngineInput, table: pd.DataFrame, *, kind: str, settings: Mapping
    ) -> HeldOut:
        """Every star by all models: the one that has not seen it, and the ensemble."""
        own, mean, spread, others = fold_outputs(x.flux, table, load_folds(list(folders.values()), kind))
        return HeldOut(Estimates(own, others), Estimates(mean, spread))


ENGINE = CnnEngine()
