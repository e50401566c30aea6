"""What the latent spaces of the two domains hold: whether they can be told apart, whether the split one has labels."""

from __future__ import annotations

import numpy as np
import torch

from mstars.engines.csn.labels import labels_of, synthetic_fit
from mstars.engines.csn.passage import Passage

_MOST = 2000
_STEPS = 30


@torch.no_grad()
def latents(passage: Passage, flux: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shared and split latents of observed flux [n, pixel], each flattened to [n, channel * place]."""
    shared, split = passage.encode(torch.from_numpy(np.array(flux)).to(passage.dtype))
    return shared.flatten(1).numpy(), split.flatten(1).numpy()


@torch.no_grad()
def synthetic_latents(passage: Passage, labels: np.ndarray) -> np.ndarray:
    """Shared latents of synthetic spectra of labels [n, 4] in K and dex."""
    flux = passage.emulator(torch.from_numpy(np.asarray(labels, dtype=float)))
    return passage.generator.encode_synth(passage.given(flux)).flatten(1).numpy()


def told_apart(first: np.ndarray, second: np.ndarray, seed: int) -> float:
    """Balanced accuracy of a linear classifier of two samples, cross-validated; 0.5 where they are alike.

    Parameters
    ----------
    first, second : ndarray, [n, feature], [m, feature]
    seed : int
        Of the parts.

    Returns
    -------
    float
        NaN with fewer than ten of either.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if min(len(first), len(second)) < 10:
        return float("nan")
    x = np.concatenate([first, second])
    y = np.repeat([0, 1], [len(first), len(second)])
    parts = StratifiedKFold(5, shuffle=True, random_state=seed)
    classifier = LogisticRegression(C=0.1, max_iter=1000, class_weight="balanced")
    scores = cross_val_score(make_pipeline(StandardScaler(), classifier), x, y, cv=parts, scoring="balanced_accuracy")
    return float(scores.mean())


def explained(latent: np.ndarray, labels: np.ndarray, seed: int) -> list[float]:
    """R^2 of a linear regression of each label on a latent space, cross-validated; 0 where it says nothing.

    Parameters
    ----------
    latent : ndarray, [n, feature]
    labels : ndarray, [n, k]
    seed : int

    Returns
    -------
    list of float, [k]
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(10.0 ** np.arange(-2, 5)))
    parts = KFold(min(10, len(latent)), shuffle=True, random_state=seed)
    made = cross_val_predict(model, latent, labels, cv=parts)
    spread = ((labels - labels.mean(axis=0)) ** 2).sum(axis=0)
    return (1 - ((labels - made) ** 2).sum(axis=0) / spread).tolist()


def separability(passage: Passage, flux: np.ndarray, labels: np.ndarray, seed: int) -> dict[str, float]:
    """How well the domains can be told apart before and after the encoders.

    Parameters
    ----------
    passage : Passage
    flux : ndarray, [n, pixel]
        Observed spectra that the networks have not seen.
    labels : ndarray, [m, 4]
        Of the synthetic set.
    seed : int

    Returns
    -------
    dict
        told_apart_spectra, told_apart_shared: see `told_apart`; the synthetic spectra are random ones of the set.
        told_apart_same_labels: shared latents beside those of synthetic spectra with the labels that the fits in the
        synthetic domain give these spectra. So the two samples cannot differ by how their labels are distributed.
    """
    draws = np.random.default_rng(seed)
    flux = np.array(flux[draws.permutation(len(flux))[:_MOST]], np.float32)
    labels = labels[draws.choice(len(labels), min(len(flux), len(labels)), replace=False)]
    used = passage.used.numpy()
    with torch.no_grad():
        theory = passage.emulator(torch.from_numpy(labels)).float().numpy()
    shared, _ = latents(passage, flux)
    with torch.no_grad():
        moved = passage.to_synth(passage.encode(torch.from_numpy(flux).to(passage.dtype))[0])
        fitted, _ = labels_of(passage, synthetic_fit(passage, moved, 3, _STEPS))
    known = np.isfinite(fitted).all(axis=1)
    return {
        "told_apart_spectra": told_apart(flux[:, used][:, ::10], theory[:, used][:, ::10], seed),
        "told_apart_shared": told_apart(shared, synthetic_latents(passage, labels), seed),
        "told_apart_same_labels": told_apart(shared[known], synthetic_latents(passage, fitted[known]), seed),
    }
