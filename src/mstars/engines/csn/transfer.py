"""What the transfer does to spectra: residuals before and after it, and maps of both domains (Figs. 7 and 8)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import torch

from mstars.engines.contract import EngineInput
from mstars.engines.csn.labels import fit_spectra
from mstars.engines.csn.latents import latents, synthetic_latents
from mstars.engines.csn.passage import Passage

_COMPONENTS = 30


@torch.no_grad()
def residuals(
    passage: Passage, x: EngineInput, settings: Mapping, wavelength: np.ndarray
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Residuals of the fits, by wavelength.

    Parameters
    ----------
    passage : Passage
    x : EngineInput
        n spectra that the networks have not seen.
    settings : mapping
        ``engines.csn``.
    wavelength : ndarray, [pixel]

    Returns
    -------
    table : pandas.DataFrame
        wavelength (angstrom), and medians over the spectra: of the error of the normalised flux, and of the absolute
        residual of theory as it is (theory) and moved to the observed domain (transfer); NaN where no spectrum counts.
    numbers : dict
        theory, transfer: median of ``|residual| / error``, in units of what noise alone would leave (0.6745).
    """
    fit = {**settings["fit"], "rv": "catalogue"}
    flux, ivar = (torch.from_numpy(np.array(array)).to(passage.dtype) for array in (x.flux, x.ivar))
    absolute: dict[str, list] = {"theory": [], "transfer": []}
    for first in range(0, len(flux), fit["chunk"]):
        part = slice(first, first + fit["chunk"])
        fits = fit_spectra(passage, flux[part], ivar[part], fit, wavelength)
        split = passage.split_features(passage.encode(flux[part])[1])
        y = fits.final.y
        moved = passage.theory(y) if fit["domain"] == "synthetic" else passage.observed(y, split, fit["transfer"])
        for name, model in (("theory", passage.theory(fits.theory.y)), ("transfer", moved)):
            absolute[name].append((flux[part] - model).abs().numpy())
    counts = ivar.numpy() > 0
    error = np.where(counts, 1 / np.sqrt(np.where(counts, ivar.numpy(), 1)), np.nan)
    table = pd.DataFrame({"wavelength": wavelength, "error": _median(error)})
    numbers = {}
    for name, pieces in absolute.items():
        off = np.where(counts, np.concatenate(pieces), np.nan)
        table[name] = _median(off)
        numbers[name] = float(np.nanmedian(off / error) / 0.6745)
    return table, numbers


def _median(values: np.ndarray) -> np.ndarray:
    """Median of each column; NaN where there is nothing."""
    known = np.isfinite(values).any(axis=0)
    result = np.full(values.shape[1], np.nan)
    result[known] = np.nanmedian(values[:, known], axis=0)
    return result


@torch.no_grad()
def maps(passage: Passage, flux: np.ndarray, labels: np.ndarray, seed: int) -> pd.DataFrame:
    """t-SNE maps of both domains: spectra as they are, shared latents, and theory moved to the observed domain.

    Parameters
    ----------
    passage : Passage
    flux : ndarray, [n, pixel]
        Observed.
    labels : ndarray, [n, 4]
        Of as many synthetic spectra, K and dex.
    seed : int

    Returns
    -------
    pandas.DataFrame
        panel (spectra, latents, transferred), domain (observed, synthetic), x, y.
    """
    used = passage.used.numpy()
    theory = passage.emulator(torch.from_numpy(labels))
    shared, _ = latents(passage, flux)
    _, split = passage.encode(torch.from_numpy(np.array(flux)).to(passage.dtype))
    net = passage.generator
    moved = passage.scale.remove(net.decode_obs(net.encode_synth(passage.given(theory)), split)).numpy()
    pairs = {
        "spectra": (flux[:, used], theory.numpy()[:, used]),
        "latents": (shared, synthetic_latents(passage, labels)),
        "transferred": (flux[:, used], moved[:, used]),
    }
    return pd.concat([_map(*pair, seed).assign(panel=panel) for panel, pair in pairs.items()], ignore_index=True)


def _map(observed: np.ndarray, synthetic: np.ndarray, seed: int) -> pd.DataFrame:
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    values = np.concatenate([observed, synthetic]).astype(float)
    components = min(_COMPONENTS, *values.shape)
    reduced = PCA(components, svd_solver="covariance_eigh" if values.shape[1] < 4000 else "full").fit_transform(values)
    place = TSNE(perplexity=min(30, len(values) // 4), random_state=seed).fit_transform(reduced)
    domain = np.repeat(["observed", "synthetic"], [len(observed), len(synthetic)])
    return pd.DataFrame({"domain": domain, "x": place[:, 0], "y": place[:, 1]})
