"""Grids of computed spectra with their labels, in one form: the file theory.h5."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.files.whole import atomic_path
from mstars.spectra.grids import Grid
from mstars.templates.build import to_grid
from mstars.templates.library import LIBRARY_GRID

FORMAT_VERSION = 1
LAMOST_RESOLUTION = 1800.0
"""lambda / FWHM of LAMOST's low-resolution spectra (Cui et al. 2012, RAA 12, 1197)."""

THEORY_WAVELENGTH = LIBRARY_GRID[(LIBRARY_GRID > 5800) & (LIBRARY_GRID < 9150)]
"""Vacuum angstrom: the pixels of LAMOST's grid that grids of any resolution are brought to."""

_FINE = 10
"""Steps within a pixel on which a spectrum is broadened."""


@dataclass
class TheoryGrid:
    """Computed spectra and their labels.

    Attributes
    ----------
    wavelength : ndarray of float64, [pixel]
        Vacuum angstrom, at rest, ascending.
    flux : ndarray of float32, [n, pixel]
        Per angstrom, each spectrum in a unit of its own.
    labels : pandas.DataFrame
        n rows: teff (K), logg, m_h, alpha_m (dex). A label that the grid does not know is NaN in all rows.
    about : dict
        JSON types: title, resolution (lambda/FWHM), source, licence, air_converted, simulated, and what else the grid
        tells of itself.
    """

    wavelength: np.ndarray
    flux: np.ndarray
    labels: pd.DataFrame
    about: dict = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.flux)

    def select(self, rows) -> TheoryGrid:
        """Some of the spectra, by a mask or numbers."""
        rows = np.asarray(rows)
        return replace(
            self, flux=self.flux[rows], labels=self.labels.iloc[np.arange(len(self))[rows]].reset_index(drop=True)
        )

    def within(self, limits: Mapping[str, tuple[float, float]]) -> TheoryGrid:
        """The spectra whose labels are inside limits, the ends included.

        Parameters
        ----------
        limits : mapping
            ``{label: (lower, upper)}``.

        Returns
        -------
        TheoryGrid
        """
        keep = np.ones(len(self), bool)
        for label, (lower, upper) in limits.items():
            keep &= self.labels[label].between(lower, upper).to_numpy()
        return self.select(keep)

    def flux_on(self, grid: Grid) -> np.ndarray:
        """Flux at the wavelengths of a grid, by lines between the pixels.

        Parameters
        ----------
        grid : Grid
            m pixels. Pixels of LAMOST's grid are taken as they are.

        Returns
        -------
        ndarray of float32, [n, m]

        Raises
        ------
        InputError
            When the spectra do not reach so far.
        """
        wanted = grid.wavelength
        if wanted[0] < self.wavelength[0] * (1 - 1e-9) or wanted[-1] > self.wavelength[-1] * (1 + 1e-9):
            raise InputError(
                f"{self.name}: its spectra reach from {self.wavelength[0]:.1f} to {self.wavelength[-1]:.1f} A; "
                f"{wanted[0]:.1f} to {wanted[-1]:.1f} A are needed"
            )
        return np.stack([np.interp(wanted, self.wavelength, row) for row in self.flux]).astype(np.float32)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"theory grid {self.about.get('title', self.about.get('source', ''))}".strip()

    def limits(self) -> dict[str, tuple[float, float]]:
        """The least and the largest value of each label that the grid knows."""
        known = [label for label in LABELS if np.isfinite(self.labels[label]).all()]
        return {label: (float(self.labels[label].min()), float(self.labels[label].max())) for label in known}


def hole_in(wavelength: np.ndarray) -> float:
    """Width (angstrom) of the widest step of ascending wavelengths where it is over three of LAMOST's elements; else 0.

    Parameters
    ----------
    wavelength : ndarray, [pixel]

    Returns
    -------
    float
    """
    widest = float(np.diff(wavelength).max(initial=0))
    return widest if widest > 3 * wavelength.mean() / LAMOST_RESOLUTION else 0.0


def check_theory(grid: TheoryGrid) -> TheoryGrid:
    """The grid as it is.

    Raises
    ------
    InputError
        No spectra, numbers that are none, a spectrum without light, a hole in the wavelengths, two spectra of the same
        labels, or a label that only some of them have.
    """

    def refuse(reason: str):
        raise InputError(f"{grid.name}: {reason}")

    wavelength, n = grid.wavelength, len(grid)
    if n == 0 or grid.flux.shape != (n, len(wavelength)) or len(grid.labels) != n:
        refuse(f"flux {grid.flux.shape}, {len(wavelength)} wavelengths, {len(grid.labels)} rows of labels do not agree")
    if not np.isfinite(wavelength).all() or (np.diff(wavelength) <= 0).any():
        refuse("wavelengths are not ascending numbers")
    if wavelength[0] < 1000 or wavelength[-1] > 1e6:
        refuse(f"{wavelength[0]:.4g} to {wavelength[-1]:.4g} is not a range in angstrom")
    if widest := hole_in(wavelength):
        refuse(f"a hole of {widest:.1f} A in the wavelengths")
    sound = np.isfinite(grid.flux).all(axis=1) & (grid.flux >= 0).all(axis=1) & (grid.flux.mean(axis=1) > 0)
    if not sound.all():
        row = int(np.flatnonzero(~sound)[0])
        refuse(
            f"spectrum {row} ({_told(grid.labels.iloc[row])}) has flux that is no number, negative, or nowhere above 0"
        )
    known = np.isfinite(grid.labels[list(LABELS)].to_numpy(dtype=float))
    for label, some, every in zip(LABELS, known.any(axis=0), known.all(axis=0), strict=True):
        if some != every:
            refuse(f"only some spectra have the label {label}")
    if not known.all(axis=0)[:3].all():
        refuse("teff, logg and m_h must be known of every spectrum")
    twice = grid.labels.duplicated(list(LABELS))
    if twice.any():
        refuse(f"two spectra of the same labels ({_told(grid.labels[twice].iloc[0])})")
    return grid


def check_covers(grid: TheoryGrid, limits: Mapping[str, tuple[float, float]]) -> None:
    """Refuse a grid that does not reach the labels asked for.

    Parameters
    ----------
    grid : TheoryGrid
    limits : mapping
        ``{label: (lower, upper)}``.

    Raises
    ------
    InputError
        Names the label and both ranges.
    """
    found = grid.limits()
    for label, (lower, upper) in limits.items():
        if label not in found:
            raise InputError(f"{grid.name}: has no {label}")
        if found[label][0] > lower + 1e-9 or found[label][1] < upper - 1e-9:
            low, high = found[label]
            raise InputError(f"{grid.name}: {label} from {low:g} to {high:g}; {lower:g} to {upper:g} are asked for")


def _told(row: pd.Series) -> str:
    return ", ".join(f"{label} {row[label]:g}" for label in LABELS)


def to_resolution(
    wavelength: np.ndarray,
    flux: np.ndarray,
    native: float | None,
    resolution: float = LAMOST_RESOLUTION,
    pixels: np.ndarray = THEORY_WAVELENGTH,
) -> np.ndarray:
    """A spectrum of any sampling, broadened to a lower resolution, on logarithmic pixels.

    Parameters
    ----------
    wavelength, flux : ndarray, [q]
        Vacuum angstrom, ascending, and flux per angstrom.
    native : float or None
        Its lambda/FWHM; None: so high that it does not matter.
    resolution : float
        lambda/FWHM of the result. Not above ``native``: then the spectrum stays as sharp as it is.
    pixels : ndarray, [pixel]
        Vacuum angstrom, in equal steps of the logarithm.

    Returns
    -------
    ndarray of float64, [pixel]
        Mean flux within each pixel; NaN where the spectrum does not reach.
    """
    width = 1 / resolution**2 - (0 if native is None else 1 / native**2)
    step = np.log(pixels[1] / pixels[0]) / _FINE
    sigma = np.sqrt(max(width, 0.0)) / (2 * np.sqrt(2 * np.log(2))) / step
    margin = int(5 * sigma) + _FINE
    number = np.arange(-margin, len(pixels) * _FINE + margin)
    fine = pixels[0] * np.exp(step * (number - (_FINE - 1) / 2))
    sampled = to_grid(wavelength, flux, fine)
    blurred = gaussian_filter1d(sampled, sigma) if sigma > 0 else sampled
    return blurred[margin:-margin].reshape(-1, _FINE).mean(axis=1)


def save_theory(grid: TheoryGrid, path: str | Path) -> None:
    """Write theory.h5, whole and with the same bytes for the same content.

    Parameters
    ----------
    grid : TheoryGrid
    path : str or Path
    """
    check_theory(grid)
    with atomic_path(path) as temporary, h5py.File(temporary, "w", track_order=False) as file:
        file.attrs["mstars_theory"] = FORMAT_VERSION
        file.attrs["about"] = json.dumps(grid.about, sort_keys=True)
        file.create_dataset("wavelength", data=grid.wavelength.astype(float))
        chunks = (1, grid.flux.shape[1])
        flux = grid.flux.astype(np.float32)
        file.create_dataset("flux", data=flux, chunks=chunks, compression="lzf", shuffle=True)
        for label in LABELS:
            file.create_dataset(f"labels/{label}", data=grid.labels[label].to_numpy(dtype=float))


def load_theory(path: str | Path) -> TheoryGrid:
    """Read theory.h5.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    TheoryGrid

    Raises
    ------
    InputError
        No such file, another file, or `check_theory` refuses it.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("mstars_theory") != FORMAT_VERSION:
                raise InputError(f"{path}: not a theory grid of this version; make it again with the rule that made it")
            labels = pd.DataFrame({label: file[f"labels/{label}"][:] for label in LABELS})
            about = json.loads(file.attrs["about"])
            grid = TheoryGrid(file["wavelength"][:], file["flux"][:], labels, about)
    except FileNotFoundError:
        raise InputError(f"{path}: no such theory grid") from None
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise InputError(f"{path}: not a readable theory grid ({error})") from None
    return check_theory(grid)
