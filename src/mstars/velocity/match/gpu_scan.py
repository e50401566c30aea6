"""The exhaustive coarse scan on a torch device: the chi2 of `mstars.velocity.match.scan`, by matrix products."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import threading

import numpy as np

from mstars.velocity.match.bank import TemplateBank

logger = logging.getLogger("mstars.velocity")
_DEVICE = threading.Lock()


def choose_device(wanted: str):
    """The torch device for ``wanted``; None for the compiled CPU path.

    Parameters
    ----------
    wanted : str
        ``cpu``, ``cuda`` (falls back to the CPU with a line in the log), ``auto`` (cuda where there is one) or
        ``torch-cpu`` (the same code as on a GPU, for tests).

    Returns
    -------
    torch.device or None
    """
    if wanted == "cpu":
        return None
    if wanted != "torch-cpu" and not _driver():
        return _none(wanted)
    import torch

    if wanted == "torch-cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    return _none(wanted)


def _none(wanted: str) -> None:
    if wanted != "auto":
        logger.info("rvmm.tm.device is %s, but there is no such device: template matching runs on the CPU", wanted)


@functools.cache
def _driver() -> bool:
    """Whether the machine has a driver of a GPU at all: torch takes seconds to import and would say no more."""
    if os.path.exists("/dev/kfd"):
        return True
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _pairs() -> tuple[list[int], list[int]]:
    return [i for i in range(5) for _ in range(i + 1)], [j for i in range(5) for j in range(i + 1)]


def _constants(bank: TemplateBank, wavelength: np.ndarray, device):
    """Bases and their products over pixels on the device; kept beside the bank's bases."""
    import torch

    def make():
        basis = bank.basis(wavelength)
        on_device = torch.from_numpy(basis).to(device)
        rows, columns = _pairs()
        products = torch.cat([(on_device[:, i] * on_device[:, j]) for i, j in zip(rows, columns, strict=True)], dim=1)
        return on_device.reshape(len(basis), -1), products

    return bank.made_once(f"torch:{device}", wavelength, make)


def coarse_chi2_torch(flux: np.ndarray, bad: np.ndarray, bank: TemplateBank, wavelength: np.ndarray, device):
    """The coarse scan of `mstars.velocity.match.scan.coarse_chi2` as a torch tensor; TF32 is off.

    Parameters
    ----------
    flux, bad, bank, wavelength
        As there.
    device : torch.device

    Returns
    -------
    torch.Tensor of float32, [n, j, v]
    """
    import torch

    allowed = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        basis, products = _constants(bank, wavelength, device)
        values = torch.from_numpy(np.ascontiguousarray(flux)).to(device)
        columns = basis.shape[1] // 5
        product = (values @ basis).reshape(len(flux), 5, columns)
        power = (values.double() ** 2).sum(dim=1).float()[:, None]
        chi2 = power - (product**2).sum(dim=1)
        masked = np.flatnonzero(bad.any(axis=1))
        if len(masked):
            mask = torch.from_numpy(bad[masked].astype(np.float32)).to(device)
            overlap = (mask @ products).reshape(len(masked), 15, columns)
            index = torch.from_numpy(masked).to(device)
            chi2[index] = power[index] - _explained(product[index], overlap)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = allowed
    return chi2.reshape(len(flux), len(bank), len(bank.velocity))


def _explained(product, overlap):
    """b^T (1 - E)^-1 b by LDL^T over the columns: [n, 5, m], [n, 15, m] -> [n, m]."""
    lower, pivot, solved, total = {}, [], [], 0.0
    number = 0
    for i in range(5):
        value = product[:, i]
        for j in range(i + 1):
            entry = -overlap[:, number] if i != j else 1.0 - overlap[:, number]
            number += 1
            for k in range(j):
                entry = entry - lower[i, k] * lower[j, k] * pivot[k]
            if i == j:
                pivot.append(entry.clamp_min(1e-6))
            else:
                lower[i, j] = entry / pivot[j]
                value = value - lower[i, j] * solved[j]
        solved.append(value)
        total = total + value**2 / pivot[i]
    return total


def likely_templates_torch(
    flux: np.ndarray, bad: np.ndarray, bank: TemplateBank, wavelength: np.ndarray, count: int, device
) -> tuple[np.ndarray, np.ndarray]:
    """`mstars.velocity.match.scan.likely_templates` on ``device``, always exhaustive; the results are numpy arrays.

    One chunk at a time, whatever the number of threads: chunks would only share the device and its memory.

    Parameters
    ----------
    flux, bad, bank, wavelength, count
        As there.
    device : torch.device

    Returns
    -------
    template : ndarray of int, [n, count]
    start : ndarray of float64, [n, count]
        km/s.
    """
    with _DEVICE:
        return _likely_templates(flux, bad, bank, wavelength, count, device)


def _likely_templates(flux, bad, bank: TemplateBank, wavelength, count: int, device) -> tuple[np.ndarray, np.ndarray]:
    import torch

    chi2 = coarse_chi2_torch(flux, bad, bank, wavelength, device).double()
    velocity = torch.from_numpy(bank.velocity).to(device)
    lowest = chi2.argmin(dim=2)
    middle = lowest.clamp(1, len(bank.velocity) - 2)
    left, here, right = (chi2.gather(2, (middle + k)[..., None])[..., 0] for k in (-1, 0, 1))
    bend = left - 2 * here + right
    inner = (lowest == middle) & (bend > 0)
    x = torch.where(inner, (0.5 * (left - right) / torch.where(inner, bend, 1.0)).clamp(-1.0, 1.0), 0.0)
    floor = chi2.gather(2, lowest[..., None])[..., 0]
    least = torch.where(inner, here - 0.5 * bend * x**2, floor)
    vertex = velocity[lowest] + x * (velocity[1] - velocity[0])
    here_count = min(count, chi2.shape[1])
    order = torch.argsort(least, dim=1, stable=True)[:, :here_count]
    template, start = np.full((len(flux), count), -1), np.full((len(flux), count), np.nan)
    template[:, :here_count] = order.cpu().numpy()
    start[:, :here_count] = vertex.gather(1, order).cpu().numpy()
    return template, start
