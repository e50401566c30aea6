"""Spectra of stars with labels, and of everything else, before they meet the instrument."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d

from mstars.core.constants import C_KMS
from mstars.core.errors import InputError
from mstars.core.labels import LABELS
from mstars.core.lines import VACUUM_LINES
from mstars.simulate.nonstellar import quasar, white_dwarf
from mstars.spectra.wavelengths import air_to_vacuum
from mstars.templates.build import emulator_spectra
from mstars.templates.library import LIBRARY_GRID, load_emulator, load_library

_REFERENCE = (LIBRARY_GRID > 7400) & (LIBRARY_GRID < 7500)
EMULATOR_TEFF = (3520.0, 4180.0)
_BEYOND_M6 = np.array(
    [
        (3500, 4000, 4600, 5500, 6100, 6550, 7110, 7450, 7700, 8200, 8500, 8790, 8950, 9300),
        (-0.95, -0.9, -0.77, -0.62, -0.38, -0.2, -0.2, 0.0, 0.0, 0.28, 0.12, 0.36, 0.3, 0.3),
    ]
)
"""Smooth change of ln flux from giants of M6 to M8 (MaStar's clusters 08 and 06): angstrom and difference."""
_DWARF_LOGG = np.array(
    [[2500, 5.15], [2900, 5.08], [3200, 4.97], [3400, 4.87], [3670, 4.75], [4090, 4.67], [4500, 4.62]]
)


def _normalised(flux: np.ndarray) -> np.ndarray:
    """Logarithm, 0 near 7450 A; gaps below and above the templates continued."""
    log = np.log(np.maximum(flux, 2e-3 * np.nanmedian(flux, axis=-1, keepdims=True)))
    log = log - np.nanmean(log[..., _REFERENCE], axis=-1, keepdims=True)
    return log


def _fill(log: np.ndarray, donor: np.ndarray) -> np.ndarray:
    """Where a template has no data take the donor's shape, scaled at the edge."""
    log = log.copy()
    good = np.flatnonzero(np.isfinite(log))
    first, last = good[0], good[-1]
    log[:first] = donor[:first] + np.median(log[first : first + 60] - donor[first : first + 60])
    log[last + 1 :] = donor[last + 1 :] + np.median(log[last - 60 : last] - donor[last - 60 : last])
    inside = ~np.isfinite(log)
    log[inside] = np.interp(np.flatnonzero(inside), np.flatnonzero(~inside), log[~inside])
    return log


class SpectrumMaker:
    """Makes spectra (flux per angstrom, mean 1 near 7450 A) on the library's grid, at rest.

    Parameters
    ----------
    library : str or Path
        The template library.
    sources : sequence of str
        ``simulate.make_sources``.
    """

    def __init__(self, library: str | Path, sources: Sequence[str]):
        templates = load_library(library, sources=sources)
        table, log = templates.table, _normalised(templates.flux.astype(float))
        full = np.isfinite(log[:, (LIBRARY_GRID > 3900) & (LIBRARY_GRID < 9000)]).mean(axis=1) > 0.985
        cool = np.flatnonzero(
            (table["spectral_class"] == "K") & full & np.isfinite(log[:, LIBRARY_GRID > 3700]).all(axis=1)
        )
        donor_rows = cool if cool.size else np.flatnonzero(full)
        donor = log[donor_rows[0]]
        donor = _fill(donor, np.zeros_like(donor))
        self.table = table[full].reset_index(drop=True)
        self.log = np.stack([_fill(row, donor) for row in log[full]])
        self.emulator = load_emulator(library)
        self._prepare_dwarfs()
        self._prepare_responses()
        self._prepare_giants()
        self._prepare_others()

    def _rows(self, **chosen) -> np.ndarray:
        keep = np.ones(len(self.table), bool)
        for column, values in chosen.items():
            keep &= self.table[column].isin(values if isinstance(values, list | tuple) else [values]).to_numpy()
        return np.flatnonzero(keep)

    def _computed(self, teff, logg, m_h, alpha_m=0.0) -> np.ndarray:
        """Log flux of the emulator on the grid; its first pixels, which it doesn't reach, take the next one's value."""
        log = _normalised(emulator_spectra(self.emulator, teff, logg, m_h, alpha_m))
        reached = np.flatnonzero(np.isfinite(log).all(axis=0))
        log[:, : reached[0]] = log[:, reached[0], None]
        log[:, reached[-1] + 1 :] = log[:, reached[-1], None]
        return log

    # -- M dwarfs -----------------------------------------------------------------------------------------------------
    def _prepare_dwarfs(self):
        rows = self._rows(kind="dM", source="bochanski")
        warm = [
            row for row in self._rows(source="kesseli", luminosity="dwarf", m_h=0.0) if self.table["teff"][row] < 4700
        ]
        if len(rows) < 3 or not warm:
            raise InputError("simulate.make_sources: M dwarfs need the sources bochanski and kesseli")
        rows = np.array([*rows, *warm])
        teff = self.table["teff"].to_numpy()[rows]
        order = np.argsort(teff)
        self.dwarf_teff, logs = teff[order], self.log[rows[order]]
        # the coolest templates are noisy in the blue: there only their shape is used
        blue = LIBRARY_GRID < 4300
        for number in range(len(logs)):
            if self.dwarf_teff[number] < 2900:
                logs[number, blue] = gaussian_filter1d(logs[number], 12)[blue]
        self.dwarf_log = logs

    def _prepare_responses(self):
        """d ln F / d[M/H] and d[alpha/M] of the emulator at log g 3, and the dwarf-giant contrast at equal TiO."""
        grid = np.array([3520.0, 3700.0, 3900.0, 4150.0])
        self.response_teff = grid
        step = 0.2

        def derivative(**labels):
            spread = []
            for sign in (1, -1):
                values = dict(teff=grid, logg=3.0, m_h=-0.1, alpha_m=0.05)
                for name, size in labels.items():
                    values[name] = values[name] + sign * size
                log = self._computed(**values)
                spread.append(log)
            change = (spread[0] - spread[1]) / (2 * next(iter(labels.values())))
            return gaussian_filter1d(change, 1.0, axis=-1)

        self.response_m_h = derivative(m_h=step)
        self.response_alpha = derivative(alpha_m=step)
        self.response_logg_giant = derivative(logg=0.4)
        self.contrast = self._contrast()

    def _contrast(self) -> np.ndarray:
        """ln(dwarf / giant) at TiO5 = 0.5, lines only: CaH, Na I, K I stronger in dwarfs, Ca II triplet weaker."""
        teff = np.linspace(3250, 3700, 46)
        dwarfs = self._interpolate_dwarf(teff)
        giants = self._computed(np.linspace(3520, 3900, 39), 1.0, 0.0)
        dwarf = dwarfs[np.argmin(np.abs(tio5(dwarfs) - 0.5))]
        giant = giants[np.argmin(np.abs(tio5(giants) - 0.5))]
        difference = dwarf - giant
        return gaussian_filter1d(difference - gaussian_filter1d(difference, 300), 1.5)

    def _interpolate_dwarf(self, teff: np.ndarray) -> np.ndarray:
        place = np.interp(teff, self.dwarf_teff, np.arange(len(self.dwarf_teff)))
        lower = np.clip(place.astype(int), 0, len(self.dwarf_teff) - 2)
        weight = (place - lower)[:, None]
        return (1 - weight) * self.dwarf_log[lower] + weight * self.dwarf_log[lower + 1]

    def _at_teff(self, responses: np.ndarray, teff: np.ndarray) -> np.ndarray:
        place = np.interp(teff, self.response_teff, np.arange(len(self.response_teff)))
        lower = np.clip(place.astype(int), 0, len(self.response_teff) - 2)
        weight = (place - lower)[:, None]
        return (1 - weight) * responses[lower] + weight * responses[lower + 1]

    def dwarfs(self, teff, logg, m_h, alpha_m) -> np.ndarray:
        """Log flux of M dwarfs (and late K), [n, pixel]; templates between 2570 and 4830 K.

        Raises
        ------
        InputError
            When a label is outside the templates' range.
        """
        teff, logg, m_h, alpha_m = (np.atleast_1d(np.asarray(value, float)) for value in (teff, logg, m_h, alpha_m))
        low, high = self.dwarf_teff[0], self.dwarf_teff[-1]
        if (teff < low).any() or (teff > high).any():
            raise InputError(
                f"simulated dwarf: Teff {teff.min():.0f} to {teff.max():.0f} K is outside {low:.0f}-{high:.0f} K"
            )
        log = self._interpolate_dwarf(teff)
        normal = np.interp(teff, _DWARF_LOGG[:, 0], _DWARF_LOGG[:, 1])
        log = log + self._at_teff(self.response_m_h, teff) * np.clip(m_h + 0.05, -1.6, 0.5)[:, None]
        log = log + self._at_teff(self.response_alpha, teff) * (alpha_m - 0.04)[:, None]
        # hydrides stay strong where metals are few (zeta falls), and grow with gravity
        strength = 0.9 * (logg - normal) - 0.35 * np.clip(m_h + 0.05, -1.6, 0.0)
        return log + self.contrast * strength[:, None]

    # -- M giants -----------------------------------------------------------------------------------------------------
    def _prepare_giants(self):
        late = [row for row in self._rows(source="stelib", kind="gM") if self.table["teff"][row] < 3500]
        if not late:
            raise InputError("simulate.make_sources: M giants later than M4 need the source stelib")
        self.late_giants = self.log[late]
        edge = self._computed(3540.0, 0.6, 0.0)[0]
        self.late_difference = np.stack([row - edge for row in self.late_giants])
        early = [row for row in self._rows(source="stelib", kind="gM") if self.table["teff"][row] >= 3500]
        # real giants against computed ones of the same TiO: line by line what the computation misses
        models = self._computed(np.linspace(3540, 4000, 47), 1.0, 0.0)
        real = self.log[early] if early else np.empty((0, LIBRARY_GRID.size))
        nearest = [models[np.argmin(np.abs(tio5(models) - tio5(row[None])[0]))] for row in real]
        self.giant_residual = np.stack([row - near for row, near in zip(real, nearest, strict=True)]) if early else None

    def giants(self, teff, logg, m_h, alpha_m, rng: np.random.Generator) -> np.ndarray:
        """Log flux of M giants, [n, pixel]: the emulator above 3540 K, towards real M6 giants below; 3060 to 4180 K."""
        teff, logg, m_h, alpha_m = (np.atleast_1d(np.asarray(value, float)) for value in (teff, logg, m_h, alpha_m))
        if (teff < 3050).any() or (teff > EMULATOR_TEFF[1]).any():
            raise InputError(f"simulated giant: Teff {teff.min():.0f} to {teff.max():.0f} K is outside 3050-4180 K")
        warm = np.maximum(teff, 3540.0)
        log = self._computed(warm, np.clip(logg, 0.02, 3.4), np.clip(m_h, -2.4, 0.48), alpha_m)
        depth = np.clip((3540.0 - teff) / 240.0, 0.0, 1.0) + 0.35 * np.clip((3300.0 - teff) / 240.0, 0.0, 1.0)
        which = rng.integers(0, len(self.late_difference), teff.size)
        log = log + depth[:, None] * self.late_difference[which]
        beyond = np.clip((3340.0 - teff) / 200.0, 0.0, 1.0) * rng.uniform(0.0, 3.0, teff.size)
        log = log + beyond[:, None] * np.interp(LIBRARY_GRID, *_BEYOND_M6)[None]
        if self.giant_residual is not None:
            share = rng.uniform(0, 1.0, (teff.size, len(self.giant_residual))) / len(self.giant_residual)
            log = log + np.where(depth > 0.5, 0.3, 1.0)[:, None] * (share @ self.giant_residual)
        return log

    def s_stars(self, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Log flux of S stars: a giant whose TiO is weak and whose ZrO (and LaO) bands are strong."""
        n = len(rows)
        log = self.giants(rng.uniform(3650, 3900, n), rng.uniform(0.4, 1.0, n), np.full(n, -0.1), np.full(n, 0.0), rng)
        cooler = self.giants(rng.uniform(3200, 3500, n), np.full(n, 0.4), np.full(n, -0.1), np.full(n, 0.0), rng)
        shape = gaussian_filter1d(cooler - log, 250, axis=-1)
        bands = np.zeros_like(log)
        # heads of the ZrO and LaO systems, air (Keenan & Boeshaar 1980, ApJS 43, 379)
        heads = [(5551, 0.5), (5718, 0.5), (5849, 0.4), (6345, 0.6), (6378, 0.6), (6474, 1.0), (6508, 0.6), (6933, 0.4)]
        heads += [(7403, 0.5), (7910, 0.5), (8188, 0.4), (8610, 0.3)]
        strength = rng.uniform(0.35, 0.9, n)
        for head, relative in heads:
            distance = LIBRARY_GRID - air_to_vacuum(float(head))
            bands += (
                np.where(distance > 0, np.exp(-np.abs(distance) / 55.0), np.exp(-0.5 * (distance / 2.0) ** 2))
                * relative
            )
        return log + 0.8 * shape - strength[:, None] * bands * 0.8

    # -- everything else ----------------------------------------------------------------------------------------------
    def _prepare_others(self):
        """Templates of O to K stars that mixtures are made from, along Teff whatever their class."""
        table = self.table
        known = table["spectral_class"].isin(list("OBAFGK")) & np.isfinite(table["teff"])
        known &= ~table["source"].isin(["fluxstd", "emulator"])
        known &= ~((table["source"] == "pickles") & (table["teff"] < 9900))  # a resolution of 500 blurs the lines
        # supergiants are rare in the survey; and one star's temperature in the table contradicts its type
        known &= ~((table["teff"] > 6800) & (table["teff"] < 9900) & (table["logg"] < 2.2))
        known &= ~((table["teff"] > 9900) & (table["logg"] < 2.0))
        known &= ~((table["subclass"].str[:1] == "F") & (table["teff"] > 8000))
        self.star_rows = np.flatnonzero(known.to_numpy())
        order = np.argsort(table["teff"].to_numpy()[self.star_rows], kind="stable")
        self.star_rows = self.star_rows[order]
        self.star_log_teff = np.log(table["teff"].to_numpy()[self.star_rows])
        self.star_m_h = table["m_h"].to_numpy(float)[self.star_rows]
        self.star_giant = (table["luminosity"] == "giant").to_numpy()[self.star_rows]

    def others(self, teff: np.ndarray, rng: np.random.Generator, giant=None, m_h=None) -> np.ndarray:
        """Log flux of O to K stars, [n, pixel]: between a real template a little hotter and one a little cooler.

        Parameters
        ----------
        teff : ndarray, [n]
        rng : numpy.random.Generator
        giant : ndarray of bool, [n], optional
            Where set, giants' templates are preferred, elsewhere dwarfs' (below 6000 K).
        m_h : ndarray, [n], optional
            Templates of like metallicity are preferred; without it, or for templates without, 0.
        """
        wanted = np.zeros(len(teff), bool) if giant is None else np.asarray(giant, bool)
        m_h = np.zeros(len(teff)) if m_h is None else np.asarray(m_h, float)
        metals = np.where(np.isfinite(self.star_m_h), self.star_m_h, 0.0)
        result = np.empty((len(teff), LIBRARY_GRID.size))
        for number, value in enumerate(np.log(np.asarray(teff, float))):
            gap = self.star_log_teff - value
            apart = (0.1 if value < np.log(7000.0) else 0.0) * np.abs(metals - m_h[number])
            if value < np.log(6000.0):
                apart = apart + 0.1 * (self.star_giant != wanted[number])
            one = self._draw_near(gap, apart, gap <= 0, rng)
            two = self._draw_near(gap, apart, gap > 0, rng)
            span = self.star_log_teff[two] - self.star_log_teff[one]
            weight = np.clip((value - self.star_log_teff[one]) / span, 0, 1) if span > 0 else rng.uniform(0, 1)
            result[number] = (1 - weight) * self.log[self.star_rows[one]] + weight * self.log[self.star_rows[two]]
        return result

    @staticmethod
    def _diluted(log: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A stars: weaker lines in many, by rotation, companions, and metals that don't follow the hydrogen."""
        smooth = gaussian_filter1d(log, 150, axis=-1)
        strength = 1.0 - np.minimum(np.abs(rng.normal(0, 0.15, len(log))), 0.65)
        return smooth + strength[:, None] * (log - smooth)

    @staticmethod
    def _draw_near(gap: np.ndarray, apart: np.ndarray, side: np.ndarray, rng: np.random.Generator) -> int:
        """One of the four nearest templates on this side in Teff (of all, at the end of the ladder)."""
        cost = np.abs(gap) + apart + np.where(side, 0.0, 1.0)
        near = np.argsort(cost, kind="stable")[:4]
        return int(rng.choice(near[cost[near] <= max(cost[near[0]], 0.05) + 0.05]))

    def galaxies(self, redshift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Log flux of galaxies at their redshift: mixed populations, emission lines where young."""
        rows = self._rows(spectral_class="GALAXY")
        old = np.array([row for row in rows if float(self.table["subclass"][row].split()[1]) >= 1.0])
        young = np.array([row for row in rows if float(self.table["subclass"][row].split()[1]) < 1.0])
        result = np.empty((len(redshift), LIBRARY_GRID.size))
        for number, z in enumerate(redshift):
            forming = rng.random() < 0.5
            share = rng.uniform(0.1, 0.8) if forming else rng.uniform(0, 0.03)
            flux = (1 - share) * np.exp(self.log[rng.choice(old)]) + share * np.exp(self.log[rng.choice(young)])
            flux *= np.exp(-rng.exponential(0.3) * ((LIBRARY_GRID / 5500) ** -1.0 - 1))
            flux = gaussian_filter1d(flux, rng.uniform(70.0, 280.0) / 69.0)  # stars move; a pixel is 69 km/s
            if forming:
                flux = flux + _nebular(rng, flux)
            moved = np.interp(LIBRARY_GRID / (1 + z), LIBRARY_GRID, flux)
            result[number] = np.log(np.maximum(moved, 1e-3))
        return result

    def make(self, kind: str, rows: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
        """Flux [n, pixel] of spectra of one kind; redshifts of galaxies and quasars are in it, velocities are not."""
        n = len(rows)
        labels = [rows[name].to_numpy(float) for name in LABELS]
        if kind == "dM":
            log = self.dwarfs(*labels)
        elif kind == "gM":
            log = self.giants(*labels, rng)
        elif kind == "S":
            log = self.s_stars(rows, rng)
        elif kind == "late_K":
            log = self.others(labels[0], rng, labels[1] < 3.5, labels[2])
        elif kind in ("OB", "B", "A", "F", "G", "K"):
            log = self.others(labels[0], rng, labels[1] < 3.5, labels[2])
            log = self._diluted(log, rng) if kind == "A" else log
        elif kind == "WD":
            log = white_dwarf(LIBRARY_GRID, labels[0], labels[1], rng)
            real = self.log[self._rows(spectral_class="WD")]
            if len(real):
                chosen = np.flatnonzero(rng.random(n) < 0.4)
                log[chosen] = real[rng.integers(0, len(real), chosen.size)]
        elif kind in ("GALAXY", "galaxy"):
            log = self.galaxies(rows["redshift"].to_numpy(), rng)
        elif kind in ("QSO", "qso"):
            log = quasar(LIBRARY_GRID, rows["redshift"].to_numpy(), rng)
        elif kind == "spectral_binary":
            log = self._binaries(rows, rng)
        elif kind == "em_star":
            log = self._emission_stars(labels[0], rng)
        elif kind == "unknown":
            log = _shapeless(n, rng)
        else:
            raise InputError(f"simulate: no spectra of kind {kind!r}")
        flux = np.exp(np.clip(_anchor(log), -6, 4))
        if kind == "dM" and "companion_kms" in rows:
            self._add_companions(flux, rows)
        if kind == "dM" and "active" in rows:
            add_activity(flux, rows["active"].to_numpy(bool), rng)
        return flux

    def _add_companions(self, flux: np.ndarray, rows: pd.DataFrame) -> None:
        """Second dwarfs of double-lined binaries, in place; the light's mean velocity stays 0."""
        second = np.flatnonzero(rows["companion_kms"].to_numpy() != 0)
        if not second.size:
            return
        part = rows.iloc[second]
        labels = [part[name].to_numpy(float) for name in ("companion_teff", "logg", "m_h", "alpha_m")]
        cool = np.exp(np.clip(_anchor(self.dwarfs(*labels)), -6, 4))
        for place, row, apart, share in zip(second, cool, part["companion_kms"], part["companion_share"], strict=True):
            moved = LIBRARY_GRID / (1 - share * apart / C_KMS)
            flux[place] = (1 - share) * np.interp(moved, LIBRARY_GRID, flux[place])
            moved = LIBRARY_GRID / (1 + (1 - share) * apart / C_KMS)
            flux[place] += share * np.interp(moved, LIBRARY_GRID, row)

    def _binaries(self, rows: pd.DataFrame, rng) -> np.ndarray:
        """A white dwarf or a hot star beside an M dwarf, of like brightness."""
        n = len(rows)
        cool = np.exp(_anchor(self.dwarfs(*[rows[name].to_numpy(float) for name in LABELS])))
        hot = np.exp(_anchor(white_dwarf(LIBRARY_GRID, rng.uniform(9000, 30000, n), np.full(n, 8.0), rng)))
        second = np.exp(_anchor(self.others(rng.uniform(6200, 9000, n), rng)))
        hot = np.where(rng.random(n)[:, None] < 0.6, hot, second)
        share = rng.uniform(0.5, 0.85, n)[:, None]
        return np.log(share * hot + (1 - share) * cool)

    def _emission_stars(self, teff: np.ndarray, rng) -> np.ndarray:
        """Be and Herbig stars, cataclysmic variables: strong, broad Balmer, He I and Ca II emission."""
        log = self.others(teff, rng)
        flux = np.exp(_anchor(log))
        n = len(flux)
        lines = {"H alpha": 1.0, "H beta": 0.55, "H gamma": 0.35, "H delta": 0.25, "He I 5877": 0.2, "He I 6680": 0.12}
        lines |= {"Ca II 8500": 0.25, "Ca II 8544": 0.25, "Ca II 8665": 0.25, "He II 4687": 0.1, "He I 7067": 0.1}
        strength, width = np.exp(rng.uniform(np.log(20), np.log(120), n)), rng.uniform(100, 700, n)
        for name, relative in lines.items():
            centre = VACUUM_LINES[name]
            sigma = centre * width / C_KMS
            area = strength * relative * rng.uniform(0.6, 1.4, n)
            profile = np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma[:, None]) ** 2)
            level = flux[:, np.searchsorted(LIBRARY_GRID, centre)]
            flux += profile * (level * area / (sigma * 2.507))[:, None]
        return np.log(flux)


def _anchor(log: np.ndarray) -> np.ndarray:
    return log - np.mean(log[..., _REFERENCE], axis=-1, keepdims=True)


def _band_mean(log: np.ndarray, lower: float, upper: float) -> np.ndarray:
    inside = (LIBRARY_GRID >= air_to_vacuum(lower)) & (LIBRARY_GRID <= air_to_vacuum(upper))
    return np.exp(log[:, inside]).mean(axis=1)


def tio5(log: np.ndarray) -> np.ndarray:
    """The TiO5 index (FACTS: 7126-7135 over 7042-7046 A in air) of log fluxes [n, pixel]."""
    return _band_mean(log, 7126, 7135) / _band_mean(log, 7042, 7046)


def add_activity(flux: np.ndarray, active: np.ndarray, rng: np.random.Generator, strong: bool = False) -> None:
    """Chromospheric Balmer and Ca II H, K emission, in place: 1 to 12 A wide (20 to 60 A when ``strong``)."""
    chosen = np.flatnonzero(active)
    low, high = (20.0, 60.0) if strong else (1.0, 12.0)
    width = np.exp(rng.uniform(np.log(low), np.log(high), chosen.size))
    lines = {"H alpha": 1.0, "H beta": 1.1, "H gamma": 1.0, "H delta": 0.9, "Ca II K": 1.6, "Ca II H": 1.4}
    for name, relative in lines.items():
        centre = VACUUM_LINES[name]
        sigma = centre / 1800 / 2.355
        near = np.searchsorted(LIBRARY_GRID, centre)
        level = np.median(flux[chosen][:, near - 60 : near + 60], axis=1)
        profile = np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma) ** 2) / (sigma * 2.507)
        flux[chosen] += (width * relative * level)[:, None] * profile


def _nebular(rng: np.random.Generator, flux: np.ndarray) -> np.ndarray:
    """Emission lines: H alpha's equivalent width, the others relative to it, metal-rich and dusty to metal-poor."""
    strength = np.exp(rng.normal(np.log(12.0), 0.8))
    nitrogen, sulphur = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.35)
    oxygen = np.exp(rng.uniform(np.log(0.04), np.log(1.2)))
    beta = rng.uniform(0.05, 0.4)  # the young stars' absorption and dust take from it
    lines = {
        "H alpha": 1.0,
        "H beta": beta,
        "H gamma": 0.4 * beta,
        "[O III] 5008": oxygen,
        "[O III] 4960": oxygen / 3,
        "[O II]": rng.uniform(0.3, 1.0),
        "[N II] 6585": nitrogen,
        "[N II] 6550": nitrogen / 3,
        "[S II] 6718": sulphur,
        "[S II] 6733": 0.72 * sulphur,
    }
    speed = np.hypot(np.exp(rng.uniform(np.log(25.0), np.log(160.0))), 60.0)  # of the gas, and the instrument's
    result = np.zeros_like(flux)
    for name, relative in lines.items():
        centre = VACUUM_LINES[name]
        sigma = centre * speed / C_KMS
        level = flux[min(np.searchsorted(LIBRARY_GRID, centre), flux.size - 1)]
        result += level * strength * relative * np.exp(-0.5 * ((LIBRARY_GRID - centre) / sigma) ** 2) / (sigma * 2.507)
    return result


def _shapeless(n: int, rng: np.random.Generator) -> np.ndarray:
    """What no one can name: a smooth continuum with bumps of the reduction."""
    x = (LIBRARY_GRID - 6400.0) / 2900.0
    log = np.zeros((n, x.size))
    for order in range(1, 7):
        log += rng.normal(0, 0.5 / order, n)[:, None] * np.cos(order * np.arccos(np.clip(x, -1, 1)))
    return log
