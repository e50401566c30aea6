"""Prediction: one network, or an ensemble."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from mstars.core.constants import CLASSIFIER_PIXELS
from mstars.core.errors import InputError
from mstars.networks.folder import Model

_CHUNK = 64
_CHUNK_GPU = 2048

logger = logging.getLogger(__name__)


def place(models: Iterable[Model], gpus: int) -> torch.device:
    """Move models to the GPU where the job asked for one (``resources.gpu``) and torch sees it, else leave them.

    On a GPU products stay in full float32 (TF32 off): probabilities and labels agree with the CPU's to 1e-4.

    Parameters
    ----------
    models : iterable of Model
    gpus : int
        GPUs of the job.

    Returns
    -------
    torch.device
    """
    device = torch.device("cuda" if gpus and torch.cuda.is_available() else "cpu")
    if gpus and device.type == "cpu":
        logger.info("a GPU was asked for, but torch sees none here: predicting on the CPU")
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    for model in models:
        model.network.to(device)
    return device


@torch.inference_mode()
def predict(model: Model, x: np.ndarray, chunk: int = _CHUNK) -> np.ndarray:
    """Raw outputs (logits, or labels in their own units).

    Parameters
    ----------
    model : Model
    x : ndarray of float32, [n, 5000]
        z-scored spectra in the model's frame; a spectrum of constants (zeros) gives NaN.
    chunk : int
        Spectra at a time.

    Returns
    -------
    ndarray of float32, [n, n_out]
    """
    return _apply(model.network, x, chunk, model)


@torch.inference_mode()
def features(model: Model, x: np.ndarray, chunk: int = _CHUNK) -> np.ndarray:
    """Inputs of the fully connected layer.

    Parameters
    ----------
    model, x, chunk
        As for `predict`.

    Returns
    -------
    ndarray of float32, [n, n_features]
    """
    _check_input(model, x)
    device = _device(model)
    parts = [
        model.network.features(_tensor(x[i : i + chunk]).to(device)).cpu().numpy() for i in range(0, len(x), chunk)
    ]
    return np.concatenate(parts) if parts else np.empty((0, model.network.architecture.n_features), np.float32)


def predict_classifier(model: Model, x: np.ndarray, chunk: int = _CHUNK) -> tuple[np.ndarray, np.ndarray]:
    """Classes and probabilities (softmax).

    Parameters
    ----------
    model, x, chunk
        As for `predict`.

    Returns
    -------
    names : ndarray of str, [n]
        The class of highest probability; empty for a spectrum of constants.
    probability : ndarray of float32, [n, n_class]
        NaN for a spectrum of constants.

    Raises
    ------
    InputError
        When the model is no classifier.
    """
    if model.kind != "classifier":
        raise InputError(f"model {model.task} is a {model.kind}, not a classifier")
    logits = predict(model, x, chunk)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    probability = shifted / shifted.sum(axis=1, keepdims=True)
    known = np.isfinite(probability).all(axis=1)
    best = np.where(known[:, None], probability, 0).argmax(axis=1)
    return np.where(known, np.array(model.outputs)[best], ""), probability


def predict_regressor(model: Model, x: np.ndarray, chunk: int = _CHUNK) -> np.ndarray:
    """Labels in their own units.

    Parameters
    ----------
    model, x, chunk
        As for `predict`.

    Returns
    -------
    ndarray of float64, [n, n_label]
        NaN for a spectrum of constants.

    Raises
    ------
    InputError
        When the model is no regressor.
    """
    if model.kind != "regressor":
        raise InputError(f"model {model.task} is a {model.kind}, not a regressor")
    return predict(model, x, chunk).astype(float) * model.scale + model.mean


class Ensemble:
    """Models of one task evaluated chunk by chunk, each chunk by all of them.

    One graph with grouped convolutions was measured at half the speed of this on a CPU: eight channels a group leave
    its kernels idle.

    Parameters
    ----------
    models : sequence of Model
        Of one kind, one architecture, and the same outputs and frame.
    """

    def __init__(self, models: Sequence[Model]):
        if not models:
            raise InputError("an ensemble needs at least one model")
        first = models[0]
        for model in models:
            same = model.outputs == first.outputs and model.frame == first.frame and model.kind == first.kind
            if not same or model.network.architecture != first.network.architecture:
                raise InputError(f"models {first.task} and {model.task} differ in architecture, outputs or frame")
        self.models = list(models)

    @torch.inference_mode()
    def predict(self, x: np.ndarray, chunk: int = _CHUNK) -> np.ndarray:
        """Each model's outputs.

        Parameters
        ----------
        x, chunk
            As for the function `predict`.

        Returns
        -------
        ndarray, [n_model, n, n_out]
            Labels in their own units for regressors, else logits.
        """
        networks = [model.network for model in self.models]
        first = self.models[0]
        raw = _apply(lambda part: torch.stack([net(part) for net in networks], 1), x, chunk, first, len(networks))
        raw = raw.transpose(1, 0, 2)
        if first.kind == "classifier":
            return raw
        scale = np.array([model.scale for model in self.models])[:, None, :]
        mean = np.array([model.mean for model in self.models])[:, None, :]
        return raw * scale + mean


def predict_ensemble(models: Sequence[Model], x: np.ndarray, chunk: int = _CHUNK) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the models (section 3.4.4).

    Parameters
    ----------
    models : sequence of Model
        Regressors.
    x, chunk
        As for `predict`.

    Returns
    -------
    mean, deviation : ndarray of float64, [n, n_label]
    """
    outputs = Ensemble(models).predict(x, chunk)
    return outputs.mean(axis=0), outputs.std(axis=0)


def _apply(function, x: np.ndarray, chunk: int, model: Model, *shape: int) -> np.ndarray:
    _check_input(model, x)
    out = np.empty((len(x), *shape, len(model.outputs)), np.float32)
    device = _device(model)
    chunk = chunk if device.type == "cpu" else max(chunk, _CHUNK_GPU)
    for start in range(0, len(x), chunk):
        part = _tensor(x[start : start + chunk])
        out[start : start + chunk] = function(part.to(device)).cpu().numpy()
        out[start : start + chunk][~part.any(dim=1).numpy()] = np.nan
    return out


def _device(model: Model) -> torch.device:
    return next(model.network.parameters()).device


def _tensor(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.array(x, dtype=np.float32))


def _check_input(model: Model, x: np.ndarray) -> None:
    if x.ndim != 2 or x.shape[1] != CLASSIFIER_PIXELS:
        raise InputError(f"model {model.task}: spectra of shape {x.shape}, expected [n, {CLASSIFIER_PIXELS}]")
