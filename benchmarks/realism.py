"""Is the simulation like the sky? Networks trained on it alone, asked about real spectra; indices, noise, masks beside.

    python benchmarks/realism.py --survey results/demo --real path/to/real

Needs the stores of a simulated survey (`snakemake ingest`) and the folder of real survey data. Without trained models
in ``{survey}/models`` it trains its own, in a temporary folder. The last line of the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits
from scipy.ndimage import gaussian_filter1d

from mstars.core.config.networks import Networks
from mstars.core.config.whole import filled
from mstars.core.randomness import rng
from mstars.core.robust import mad_std
from mstars.files.stores import read_batch
from mstars.files.tables import read_table
from mstars.lamost import grid, reader
from mstars.networks.folder import load_model
from mstars.networks.inference import predict_classifier
from mstars.networks.training import train_classifier
from mstars.spectra.container import SpectrumSet, concatenate
from mstars.spectra.preprocessing import classifier_input
from mstars.spectra.wavelengths import N_PIXEL, air_to_vacuum, lamost_wavelength
from mstars.templates.formats import read_template

WAVE = lamost_wavelength()
SPT = ["OB", "A", "F", "G", "K", "M", "GALAXY", "QSO"]
LADDER = [f"{c}{n}" for c in "OBAFG" for n in range(10)] + ["K0", "K1", "K2", "K3", "K4", "K5", "K7"]
LADDER += [f"M{n}" for n in range(10)]


def simulated(survey: Path) -> tuple[SpectrumSet, pd.DataFrame]:
    """Spectra and catalogue rows of the survey, candidates and training classes."""
    catalog = read_table(survey / "plan" / "m_catalog_v0.parquet").assign(label="M")
    classes = read_table(survey / "plan" / "class_catalog.parquet")
    table = pd.concat([catalog, classes], ignore_index=True).drop_duplicates("spectrum_key").set_index("spectrum_key")
    spectra = concatenate([read_batch(path) for path in sorted((survey / "spectra").glob("*.h5"))])
    truth = read_table(survey / "sim" / "truth.parquet").set_index("spectrum_key")
    # the question is what the spectra teach, so the labels are the true ones and planted contaminants stay out
    wanted = truth.index[(truth["role"] == "train") | truth["true_class"].isin(["dM", "gM"])]
    spectra = spectra.select(np.isin(spectra.spectrum_key, table.index.intersection(wanted).to_numpy(dtype=str)))
    table = table.loc[spectra.spectrum_key].reset_index()
    return spectra, table.assign(true_class=truth.loc[table["spectrum_key"], "true_class"].to_numpy())


def train(spectra: SpectrumSet, table: pd.DataFrame, folder: Path, epochs: int) -> dict:
    """The three classifiers of SCM and DGCM, trained on the simulated survey alone."""
    x = classifier_input(spectra)
    split = rng(1, "realism").random(len(table)) < 0.25
    bright = table[["snru", "snrg", "snrr", "snri", "snrz"]].max(axis=1).to_numpy() >= 5
    m_star = (table["label"] == "M").to_numpy()
    tasks = {
        "spt": (table["label"].isin(SPT).to_numpy() & bright, table["label"], SPT),
        "wdm": (table["label"].isin(["M", "WD"]).to_numpy() & bright, table["label"], ["WD", "M"]),
        "dmgm": (m_star & bright, table["true_class"], ["dM", "gM"]),
    }
    config = filled({})
    changes = {"epochs": epochs, "stop_patience": 4, "reduce_patience": 2}
    models = {}
    for task, (rows, labels, classes) in tasks.items():
        labels = labels.to_numpy(dtype=str)[rows]
        settings = Networks(**config["dgcm" if task == "dmgm" else "scm"]["networks"] | changes)
        options = dict(classes=classes, settings=settings, seed=1, folder=folder / task, task=task)
        models[task] = train_classifier(x[rows], labels, split[rows], **options)
    return models


def real_lamost(real: Path) -> tuple[SpectrumSet, pd.DataFrame]:
    """The real LAMOST files and their index."""
    index = pd.read_csv(real / "lamost" / "index.csv")
    rows, arrays = [], []
    for row in index.itertuples():
        found = sorted((real / "lamost" / row.src).rglob(row.file))
        if not found:
            continue
        flux, ivar, mask = (np.zeros(N_PIXEL, kind) for kind in ("f4", "f4", "u1"))
        grid.place_on_grid(reader.read_spectrum(found[0]), flux, ivar, mask)
        arrays.append((flux, ivar, mask))
        rows.append(row.Index)
    flux, ivar, mask = (np.stack(part) for part in zip(*arrays, strict=True))
    table = index.loc[rows].reset_index(drop=True)
    return SpectrumSet(flux, ivar, mask, WAVE, table["file"].to_numpy(dtype=str)), table


def noisy(wave: np.ndarray, flux: np.ndarray, snr: np.ndarray, generator) -> SpectrumSet:
    """Noisy realisations of a spectrum on LAMOST's grid; white noise of the S/N of the i band."""
    flux = np.interp(WAVE, wave, flux, left=np.nan, right=np.nan)
    inside = np.isfinite(flux)
    level = np.median(flux[inside & (WAVE > 7000) & (WAVE < 8200)])
    flux = np.where(inside, flux, 0.0)
    sigma = level / snr[:, None] * np.interp(WAVE, [3700, 4200, 6000, 9100], [3.0, 1.5, 1.0, 1.2])
    draws = flux + sigma * generator.standard_normal((len(snr), N_PIXEL))
    ivar = np.where(inside, 1 / sigma**2, 0.0)
    keys = np.array([f"r{n}" for n in range(len(snr))])
    return SpectrumSet(draws.astype("f4"), ivar.astype("f4"), np.zeros(draws.shape, "u1"), WAVE, keys)


def right_class(subclass: str, predicted: str) -> bool:
    """Same letter, or no more than two subclasses across the boundary."""
    subclass = subclass.removeprefix("d")
    letter = subclass[:1]
    if letter not in "OBAFGKM" or not letter:
        return False
    name = {"O": "OB", "B": "OB"}.get(letter, letter)
    if name == predicted:
        return True
    if predicted not in ("A", "F", "G", "K", "M"):
        return False
    place = LADDER.index(min(LADDER, key=lambda item: abs(_code(item) - _code(subclass))))
    steps = [abs(place - number) for number, item in enumerate(LADDER) if item[0] == predicted]
    return min(steps) <= 2


def _code(subclass: str) -> float:
    digits = "".join(ch for ch in subclass[1:3] if ch.isdigit())[:1]
    return 10 * "OBAFGKM".index(subclass[0]) + float(digits or 5)


def colour_offsets(spectra: SpectrumSet, codes: np.ndarray) -> np.ndarray:
    """Colour less the median of stars within three subclasses (``codes``), over their scatter: dust, flux scale."""
    with np.errstate(invalid="ignore", divide="ignore"):
        colour = -2.5 * np.log10(_band(spectra, 4400, 4600) / _band(spectra, 7700, 8100))
    result = np.full(len(colour), np.nan)
    for row in np.flatnonzero(np.isfinite(codes)):
        near = colour[np.abs(codes - codes[row]) <= 3]
        result[row] = (colour[row] - np.nanmedian(near)) / mad_std(near)
    return result


def by_colour(spectra: SpectrumSet, subclass: pd.Series, known: np.ndarray, right: np.ndarray) -> dict:
    """Right ones, and how many, of A to M stars with a usual colour (within two sigma) and with another."""
    plain = subclass.str.removeprefix("d")
    codes = np.array([_code(text) if ok else np.nan for text, ok in zip(plain, known, strict=True)])
    odd = ~(np.abs(colour_offsets(spectra, codes)) <= 2)
    groups = {"usual": known & ~odd, "other": known & odd}
    return {f"real_class_{name}_colour": [int(right[rows].sum()), int(rows.sum())] for name, rows in groups.items()}


def class_shares(models: dict, real: Path) -> dict:
    """What the networks call real A to M stars, M dwarfs, M giants, and what is not a star or a white dwarf."""
    spectra, table = real_lamost(real)
    x = classifier_input(spectra)
    spt, _ = predict_classifier(models["spt"], x)
    lum, _ = predict_classifier(models["dmgm"], x)
    subclass = table["sub"].fillna("").astype(str)
    known = subclass.str.match(r"d?[AFGKM]\d").to_numpy()
    right = np.array([right_class(a, b) for a, b in zip(subclass, spt, strict=True)])
    dwarf = subclass.str.match(r"d?M\d").to_numpy()
    result = {
        "real_class_accuracy": right[known].mean(),
        "real_class_n": int(known.sum()),
        "real_class_by_letter": {
            c: right[known & (subclass.str.removeprefix("d").str[0] == c)].mean() for c in "AFGKM"
        },
        "real_class_wrong": sorted(
            f"{a}->{b}" for a, b, k, r in zip(subclass, spt, known, right, strict=True) if k and not r
        ),
        **by_colour(spectra, subclass, known, right),
        "real_dm_share": (lum[dwarf] == "dM").mean(),
        "real_dm_n": int(dwarf.sum()),
        "real_m_called_m": (spt[dwarf] == "M").mean(),
    }
    generator = rng(2, "realism")
    giants = read_template(real / "templates" / "idlspec2d" / "spEigenStar-55734.fits.gz", "vacuum")
    chosen = [t for t in giants if t.name.startswith("M") and "I" in t.name]
    answers = {}
    for star in chosen:
        seen = noisy(star.wavelength, star.flux, generator.uniform(10, 80, 10), generator)
        called, _ = predict_classifier(models["dmgm"], classifier_input(seen))
        answers[star.name] = (called == "gM").mean()
    result["real_giant_share"] = float(np.mean(list(answers.values())))
    result["real_giant_by_star"] = answers
    result["real_giant_called_m"] = float(
        np.mean(
            [
                (
                    predict_classifier(
                        models["spt"], classifier_input(noisy(t.wavelength, t.flux, np.full(5, 40.0), generator))
                    )[0]
                    == "M"
                ).mean()
                for t in chosen
            ]
        )
    )
    return {**result, **not_m(models, real, generator)}


def not_m(models: dict, real: Path, generator) -> dict:
    """Share of real galaxies, quasars and white dwarfs that CNN-SPT calls M."""
    sets = {}
    for path in sorted((real / "sdss_spectra").glob("*.fits*")):
        with fits.open(path) as hdus:
            kind = _sdss_kind(path, hdus)
            if kind is None:
                continue
            for number, (wave, flux) in enumerate(_sdss_spectra(hdus)):
                sets[f"{kind}:{path.name.split('.')[0]}:{number}"] = noisy(wave, flux, np.full(3, 200.0), generator)
    templates = real / "templates"
    for name, wave, flux in _template_spectra(templates, generator):
        sets[name] = noisy(wave, flux, generator.uniform(5, 60, 50), generator)
    called = {}
    for name, seen in sets.items():
        spt, _ = predict_classifier(models["spt"], classifier_input(seen))
        called[name] = (spt == "M").mean()
    worst = dict(sorted(called.items(), key=lambda item: -item[1])[:8])
    return {"non_m_called_m": float(np.mean(list(called.values()))), "non_m_n": len(called), "non_m_worst": worst}


def _sdss_kind(path: Path, hdus) -> str | None:
    name = path.name.lower()
    if "wd" in name:
        return "WD"
    if "ngc" in name:
        return "GALAXY"
    for hdu in hdus[1:]:
        if getattr(hdu, "columns", None) is not None and "CLASS" in hdu.columns.names:
            kind, sub = str(hdu.data["CLASS"][0]).strip(), str(hdu.data["SUBCLASS"][0]).strip()
            return kind if kind in ("GALAXY", "QSO") else "WD" if sub.startswith("WD") else None
    return None


def _sdss_spectra(hdus):
    """The combined spectrum; tables after it are single exposures of one arm."""
    for hdu in hdus[1:]:
        if getattr(hdu, "columns", None) is None:
            continue
        names = {name.lower(): name for name in hdu.columns.names}
        if "flux" in names and "loglam" in names:
            yield 10.0 ** np.asarray(hdu.data[names["loglam"]], float), np.asarray(hdu.data[names["flux"]], float)
            return


def _template_spectra(folder: Path, generator):
    """White dwarfs of idlspec2d; galaxy and quasar components of idlspec2d and redrock at a few redshifts."""
    for star in read_template(folder / "idlspec2d" / "spEigenStar-55734.fits.gz", "vacuum"):
        if star.name.startswith("WD") or star.name == "CalciumWD":
            yield f"WD:{star.name}", star.wavelength, star.flux
    for kind, file, shifts in (
        ("GALAXY", "spEigenGal-56436.fits.gz", (0.02, 0.08, 0.15, 0.25)),
        ("QSO", "spEigenQSO-55732.fits.gz", (0.3, 0.8, 1.5, 2.2, 3.0)),
    ):
        with fits.open(folder / "idlspec2d" / file) as hdus:
            header, data = hdus[0].header, np.atleast_2d(hdus[0].data)
            wave = 10.0 ** (header["COEFF0"] + header["COEFF1"] * np.arange(data.shape[1]))
            for z in shifts:
                yield f"{kind}:{file.split('.')[0]}:z{z}", wave * (1 + z), np.asarray(data[0], float)


def _band(spectra: SpectrumSet, lower: float, upper: float) -> np.ndarray:
    inside = (WAVE >= air_to_vacuum(lower)) & (WAVE <= air_to_vacuum(upper))
    good = ~spectra.bad[:, inside]
    return np.where(good, spectra.flux[:, inside], 0).sum(axis=1) / np.maximum(good.sum(axis=1), 1)


def indices(spectra: SpectrumSet) -> tuple[np.ndarray, np.ndarray]:
    """TiO5 and CaH2 + CaH3 (FACTS: air bands)."""
    base = _band(spectra, 7042, 7046)
    base = np.where(base > 0, base, np.nan)
    return _band(spectra, 7126, 7135) / base, (_band(spectra, 6814, 6846) + _band(spectra, 6960, 6990)) / base


def noise(spectra: SpectrumSet, window=(6650.0, 6850.0)) -> dict:
    """Autocorrelation at lags 1 to 5 of residuals of a smooth fit, in units of 1/sqrt(ivar), and their scatter."""
    inside = (WAVE > window[0]) & (WAVE < window[1])
    flux, ivar = spectra.flux[:, inside].astype(float), spectra.ivar[:, inside].astype(float)
    keep = (ivar > 0).all(axis=1) & ~spectra.bad[:, inside].any(axis=1)
    flux, ivar = flux[keep], ivar[keep]
    basis = np.linalg.qr(np.vander(np.linspace(-1, 1, inside.sum()), 9))[0]
    residual = (flux - (flux @ basis) @ basis.T) * np.sqrt(ivar)
    residual -= residual.mean(axis=1, keepdims=True)
    power = (residual**2).mean(axis=1)
    lags = [float(np.median((residual[:, lag:] * residual[:, :-lag]).mean(axis=1) / power)) for lag in range(1, 6)]
    second = residual[:, 1:-1] - 0.5 * (residual[:, :-2] + residual[:, 2:])
    return {
        "autocorrelation": lags,
        "scatter": float(np.median(1.4826 * np.median(np.abs(second), axis=1) / np.sqrt(1.5))),
    }


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Kolmogorov's distance of two samples."""
    grid = np.sort(np.concatenate([a, b]))
    return float(np.abs(np.searchsorted(np.sort(a), grid) / a.size - np.searchsorted(np.sort(b), grid) / b.size).max())


def likeness(survey: Path, spectra: SpectrumSet, table: pd.DataFrame, real: Path) -> dict:
    """Indices, noise and masks of simulated M dwarfs beside real ones of the same S/N."""
    theirs, index = real_lamost(real)
    dwarf = index["sub"].fillna("").astype(str).str.match(r"d?M\d").to_numpy() & (index["snri"] > 10).to_numpy()
    truth = read_table(survey / "sim" / "truth.parquet").set_index("spectrum_key").loc[table["spectrum_key"]]
    clean = (truth["planted_rv"] == "").to_numpy() & (table["snri"] > 10).to_numpy()
    ours = clean & (truth["true_class"] == "dM").to_numpy()
    giants = clean & (truth["true_class"] == "gM").to_numpy() & (table["snri"] > 20).to_numpy()
    real_tio, real_cah = indices(theirs.select(dwarf))
    known = np.isfinite(real_tio) & np.isfinite(real_cah) & (real_tio > 0)
    real_tio, real_cah = real_tio[known], real_cah[known]
    sim_tio, sim_cah = indices(spectra.select(ours))
    known = np.isfinite(sim_tio) & np.isfinite(sim_cah)
    sim_tio, sim_cah = sim_tio[known], sim_cah[known]
    giant_tio, giant_cah = indices(spectra.select(giants))
    # the real sample's types differ: compare the hydrides at the same TiO5
    order = np.argsort(sim_tio)
    expected = np.interp(real_tio, sim_tio[order], gaussian_filter1d(sim_cah[order], 15))
    warm = index["sub"].fillna("").astype(str).str.match(r"[FG]\d").to_numpy() & (index["snri"] < 200).to_numpy()
    quiet = table["label"].isin(["F", "G"]).to_numpy() & (table["snri"] < 200).to_numpy()
    near = lambda tio: np.abs(tio - 0.5) < 0.04  # noqa: E731
    return {
        "tio5_distance": distance(real_tio, sim_tio),
        "cah_distance": distance(real_cah, sim_cah),
        "tio5_median_real_sim": [float(np.median(real_tio)), float(np.median(sim_tio))],
        "cah_at_same_tio5_real_minus_sim": float(np.median(real_cah - expected)),
        "cah_at_tio5_half_dwarfs": float(np.median(sim_cah[near(sim_tio)])),
        "cah_at_tio5_half_giants": float(np.median(giant_cah[near(giant_tio)])),
        "cah_at_tio5_half_real_dwarfs": float(np.median(real_cah[np.abs(real_tio - 0.5) < 0.08])),
        "noise_real": noise(theirs.select(warm)),
        "noise_sim": noise(spectra.select(quiet)),
        "masked_real": float((theirs.ormask != 0).mean()),
        "masked_sim": float((spectra.ormask != 0).mean()),
        "no_weight_real": float((theirs.ivar <= 0).mean()),
        "no_weight_sim": float((spectra.ivar <= 0).mean()),
    }


def picture(survey: Path, real: Path, path: Path) -> None:
    """Real spectra (black) and simulated ones of the same class and like S/N (red), to look at."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    theirs, index = real_lamost(real)
    truth = read_table(survey / "sim" / "truth.parquet").set_index("spectrum_key")
    ours = concatenate([read_batch(item) for item in sorted((survey / "spectra").glob("*.h5"))])
    truth = truth.loc[ours.spectrum_key]
    subclass = index["sub"].fillna("").astype(str).str.removeprefix("d")
    rows = [("M0", "dM"), ("M2", "dM"), ("M3", "dM"), ("K5", "K"), ("G5", "G"), ("F5", "F"), ("A5", "A"), ("", "gM")]
    rows += [("", "WD"), ("", "GALAXY"), ("", "QSO")]
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(10, 1.7 * len(rows)), sharex=True)
    for axis, (real_type, kind) in zip(axes, rows, strict=True):
        snr = 60.0
        if real_type:
            chosen = np.flatnonzero(subclass.str.startswith(real_type))
            one = chosen[np.argmin(np.abs(np.log(index["snri"].to_numpy()[chosen] / 60)))]
            snr = index["snri"][one]
            axis.plot(WAVE, theirs.flux[one] / np.percentile(theirs.flux[one], 95), "k", lw=0.5)
        wanted = (truth["true_class"] == kind) & (truth["planted_rv"] == "") & ~truth["planted_class"]
        if kind == "dM" and real_type:
            wanted &= (truth["true_teff"] - {"M0": 3850, "M2": 3560, "M3": 3430}[real_type]).abs() < 60
        chosen = np.flatnonzero(wanted)
        two = chosen[np.argmin(np.abs(np.log(truth["snri"].to_numpy()[chosen] / snr)))]
        axis.plot(WAVE, ours.flux[two] / np.percentile(ours.flux[two], 95) - 0.25, "r", lw=0.5)
        axis.set_ylim(-0.4, 1.5)
        axis.set_ylabel(real_type or kind)
    axes[-1].set_xlabel("vacuum wavelength / angstrom")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--survey", type=Path, default=Path("results/demo"))
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument(
        "--models", type=Path, help="folder of trained spt, wdm, dmgm; default: the survey's, or trained anew"
    )
    parser.add_argument("--picture", type=Path, help="only draw real and simulated spectra into this file")
    options = parser.parse_args()
    if options.picture:
        return picture(options.survey, options.real, options.picture)
    spectra, table = simulated(options.survey)
    kept = options.models or options.survey / "models"
    with tempfile.TemporaryDirectory() as scratch:
        if all((kept / task / "model.json").is_file() for task in ("spt", "wdm", "dmgm")):
            models = {task: load_model(kept / task) for task in ("spt", "wdm", "dmgm")}
        else:
            models = train(spectra, table, options.models or Path(scratch), options.epochs)
    result = {**class_shares(models, options.real), **likeness(options.survey, spectra, table, options.real)}
    print(json.dumps(result, default=float))


if __name__ == "__main__":
    main()
