"""Pulls, scatter and contradictions of several simulated surveys together, by S/N: one seed is one draw of luck.

    python benchmarks/seeds.py --run 71 72 --groups --folder F
    python benchmarks/seeds.py results/demo F/results/seed_71 F/results/seed_72

The first line makes the demo's survey with other seeds (of the stars and of the trainings alike), with the engines of
``--also``, and then counts. The second counts in surveys that are there. Everything is against the truth, on candidates
that are recommended, of the right class and not trained on. ``outside`` says how many intervals of S/N are, and how
many would be by chance: some 40 intervals at 95 % are not all inside even where every error is honest. The last line of
the output is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

from mstars.core.classes import LUMINOSITY_CLASSES
from mstars.core.labels import LABELS
from mstars.core.robust import MAD_STD_ERROR, mad_std, share_limits
from mstars.engines.calibration import calibrate_kind
from mstars.engines.registry import engine_info
from mstars.files.json_files import read_json
from mstars.files.tables import read_table, read_tables
from mstars.literature.criteria import BIASES
from mstars.parameters.calibration import SNR_BINS, calibrated_errors
from mstars.validate.outcome import engine_outcomes

ROOT = Path(__file__).resolve().parents[1]
WITHIN = (0.9, 1.1)
"""Pulls that count as honest."""
DRAWS = 24
"""Calibrations from labelled stars drawn with replacement."""


def run(seed: int, options: argparse.Namespace) -> Path:
    """Make the survey of a seed, up to its scorecard and the engines beside each other."""
    name, place = f"seed_{seed}", options.folder
    place.mkdir(parents=True, exist_ok=True)
    overlay = {"survey": {"name": name, "seed": seed}, "simulate": {"groups": options.groups}}
    (place / f"{name}.yaml").write_text(json.dumps(overlay | {"parameters": {"also": options.also}}))
    results = Path("results") / name
    targets = [results / "compare/engines.parquet", results / "validation/scorecard.json"]
    targets += [results / "validation" / f"{engine}.json" for engine in options.also]
    targets += [results / "compare/engine_groups.parquet"] if options.groups else []
    command = [sys.executable, "-m", "snakemake", "-s", ROOT / "Snakefile", "--directory", place, "--quiet", "rules"]
    command += ["--cores", options.cores, "--rerun-incomplete"]
    command += ["--configfile", ROOT / "config" / "config.yaml", f"{name}.yaml", "--", *targets]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    subprocess.run([str(part) for part in command], check=True, env=environment, cwd=place)
    return place / results


def engines_of(survey: Path) -> list[str]:
    """Engines that the survey has parameters of."""
    return sorted(path.stem for path in (survey / "parameters").glob("*.parquet"))


def outcomes(survey: Path, engine: str) -> pd.DataFrame:
    """Recommended spectra of a survey by an engine, of the right class: labels, errors, truth; ``new`` if untrained."""
    table = engine_outcomes(
        read_table(survey / "sim" / "truth.parquet"),
        read_table(survey / "catalogs" / "m_catalog_v3.parquet", ["spectrum_key", "luminosity_class"]),
        read_table(survey / "quality" / f"{engine}.parquet", ["spectrum_key", "parameter_flag"]),
        read_table(survey / "parameters" / f"{engine}.parquet"),
    )
    right = (table["out_class"] == table["true_class"]) & table["true_class"].isin(LUMINOSITY_CLASSES)
    table = table[right & (table["parameter_flag"] == 1)].assign(survey=survey.name)
    seen = [f"{label}_oof" for label in LABELS if f"{label}_oof" in table]
    return table.assign(new=table[seen].isna().all(axis=1) if seen else True).reset_index(drop=True)


def by_snr(pull: np.ndarray, snr: np.ndarray, stars: np.ndarray, fitted: dict[str, float] | None = None) -> dict:
    """By interval of S/N_i: width, half its 95 % limits, number, share within one error, and whether beyond `WITHIN`.

    The limits count stars, as spectra of one star have much of their error in common, and ``fitted``: how far the error
    itself is known, which labelled stars decide that are as few. It is ``outside`` where not even the limits reach
    `WITHIN`. Honest errors of a normal distribution have a width of 1 and a share of 0.68.
    """
    result = {}
    for name, (low, high) in SNR_BINS.items():
        inside = (snr > low) & (snr <= high) & np.isfinite(pull)
        own, number = pull[inside], len(set(stars[inside]))
        if number > 1:
            width = mad_std(own)
            half = 1.96 * width * np.hypot(MAD_STD_ERROR / np.sqrt(number), (fitted or {}).get(name, 0.0))
            outside = width - half > WITHIN[1] or width + half < WITHIN[0]
            share = float((np.abs(own) < 1).mean())
            numbers = [round(width, 2), round(float(half), 2), len(own), round(share, 2)]
            result[name] = [*numbers, "outside" if outside else "inside"]
    return result


def by_chance(widths: dict[str, dict[str, list]], true: float) -> dict[str, float]:
    """How many S/N intervals are outside, and how many would be by chance if all true widths were ``true``.

    The sum over all S/N is no test of its own and is left out. Widths are taken as normal; labels of one network go
    together, so numbers of outside ones scatter more than counts that know nothing of each other.
    """
    found = [row for name in widths for interval, row in widths[name].items() if interval != "all"]
    expected = 0.0
    for row in found:
        error = row[1] / (1.96 * row[0])
        high, low = WITHIN[1] / max(1 - 1.96 * error, 1e-9), WITHIN[0] / (1 + 1.96 * error)
        width = NormalDist(true, true * error)
        expected += 1 - width.cdf(high) + width.cdf(low)
    outside = sum(row[4] == "outside" for row in found)
    return {"intervals": len(found), "outside": outside, "expected": round(float(expected), 2)}


def parameter_pulls(tables: dict[str, pd.DataFrame], surveys: Sequence[Path] = ()) -> dict:
    """Pulls of the calibrated errors by engine, class and label; with surveys the limits know their calibrations."""
    result = {}
    for engine, table in tables.items():
        for kind in engine_info(engine).kinds:
            rows = table[table["new"] & (table["true_class"] == kind)]
            spread = [fitted_spread(survey, engine, kind, rows[rows["survey"] == survey.name]) for survey in surveys]
            stars = (rows["survey"] + " " + rows["star_id_true"].astype(str)).to_numpy()
            for label in engine_info(engine).labels:
                pull = (rows[label] - rows[f"true_{label}"]) / rows[f"{label}_calib_err"]
                fitted = _together([one[label] for one in spread]) if spread else None
                snr = rows["snri"].to_numpy()
                result[f"{engine} {kind} {label}"] = by_snr(pull.to_numpy(dtype=float), snr, stars, fitted)
    return result


def of_each(tables: dict[str, pd.DataFrame], surveys: Sequence[Path]) -> dict[str, list[float]]:
    """Widths over all S/N of each survey: what one training's luck does to all of its stars alike."""
    result: dict[str, list[float]] = {}
    for survey in surveys:
        own = {name: table[table["survey"] == survey.name] for name, table in tables.items()}
        for name, rows in (parameter_pulls(own) | velocity_pulls([survey])).items():
            result.setdefault(name, []).append(rows["all"][0] if "all" in rows else float("nan"))
    return result


def _together(spreads: Sequence[dict[str, float]]) -> dict[str, float]:
    """Relative error of the mean of several surveys' calibrations."""
    return {name: float(np.sqrt(np.sum([one[name] ** 2 for one in spreads])) / len(spreads)) for name in SNR_BINS}


def fitted_spread(survey: Path, engine: str, kind: str, rows: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Relative standard deviation of calibrated errors over draws of the labelled stars, by label and S/N_i."""
    info, generator = engine_info(engine), np.random.default_rng(0)
    training = read_table(survey / "models" / f"{info.stem}_{kind}" / "out_of_fold.parquet")
    more = {}
    if info.is_ensemble:
        batches = sorted((survey / "predictions" / info.stem).glob("*.parquet"))
        snri = read_table(survey / "catalogs" / "m_catalog_v3.parquet", ["spectrum_key", "snri"])
        more = {"predictions": read_tables(batches), "snri": snri}
    if engine != "cnn" and not info.of_engines:
        cnn = survey / "models" / f"{engine_info('cnn').stem}_{kind}"
        more["other"] = (read_table(cnn / "out_of_fold.parquet"), read_json(cnn / "calibration.json"))
    stars = training.groupby("star_id").indices
    names, drawn = np.array(list(stars)), {label: [] for label in info.labels}
    for _ in range(DRAWS):
        chosen = np.concatenate([stars[name] for name in generator.choice(names, len(names))])
        fit = calibrate_kind(info, training.iloc[chosen], kind=kind, label_errors="removed", **more)
        for label in info.labels:
            drawn[label].append(_medians(fit, label, rows, single=not info.is_ensemble))
    return {
        label: dict(zip(SNR_BINS, np.std(np.log(one), axis=0).tolist(), strict=True)) for label, one in drawn.items()
    }


def _medians(fit: dict, label: str, rows: pd.DataFrame, *, single: bool) -> list[float]:
    """Median error of the rows by S/N_i."""
    snr, teff = rows["snri"].to_numpy(dtype=float), rows["teff"].to_numpy(dtype=float)
    error = calibrated_errors(fit, label, rows[f"{label}_err"].to_numpy(dtype=float), snr, teff, single=single)
    return [float(np.nanmedian(error[(snr > low) & (snr <= high)])) for low, high in SNR_BINS.values()]


def velocity_pulls(surveys: Sequence[Path]) -> dict:
    """Pulls of ``rv``, less the median of each survey and class; spectra with a planted failure are left out."""
    parts = []
    for survey in surveys:
        truth = read_table(survey / "sim" / "truth.parquet")
        columns = ["spectrum_key", "rv", "rv_err", "luminosity_class"]
        table = read_table(survey / "catalogs" / "m_catalog_v3.parquet", columns).merge(truth, on="spectrum_key")
        table = table[(table["planted_rv"] == "") & table["true_class"].isin(LUMINOSITY_CLASSES)]
        off = table["rv"] - table["true_rv_lamost"]
        off = off - off.groupby(table["true_class"]).transform("median")
        parts.append(table.assign(pull=off / table["rv_err"], survey=survey.name))
    whole = pd.concat(parts)
    groups = whole.groupby("true_class")
    return {
        f"rv {kind}": by_snr(
            part["pull"].to_numpy(dtype=float),
            part["snri"].to_numpy(),
            (part["survey"] + " " + part["star_id_true"].astype(str)).to_numpy(),
        )
        for kind, part in groups
    }


def beside_best(tables: dict[str, pd.DataFrame]) -> dict:
    """Scatter of the combined estimate over that of the best engine, by class, label and S/N_i, on common spectra."""
    result = {}
    for kind in LUMINOSITY_CLASSES:
        for label in LABELS:
            off = {}
            for engine, table in tables.items():
                info = engine_info(engine)
                if kind in info.kinds and label in info.labels:
                    rows = table[table["new"] & (table["true_class"] == kind)]
                    key = rows["survey"] + " " + rows["spectrum_key"]
                    off[engine] = (rows[label] - rows[f"true_{label}"]).set_axis(key)
            if "combined" in off and len(off) > 1:
                result[f"{kind} {label}"] = _ratios(off, tables["combined"])
    return result


def _ratios(off: dict[str, pd.Series], about: pd.DataFrame) -> dict[str, list]:
    both = pd.DataFrame(off).dropna()
    snr = about.set_index(about["survey"] + " " + about["spectrum_key"])["snri"].reindex(both.index).to_numpy()
    result = {}
    for name, (low, high) in SNR_BINS.items():
        rows = both[(snr > low) & (snr <= high)]
        if len(rows) > 10:
            # offsets of an engine's scale are no scatter
            scatter = {engine: mad_std(rows[engine].to_numpy()) for engine in rows}
            best = min((one for one in scatter if one != "combined"), key=scatter.__getitem__)
            limit = 1 + 2 * MAD_STD_ERROR / np.sqrt(len(rows))
            result[name] = [round(scatter["combined"] / scatter[best], 2), best, len(rows), round(limit, 2)]
    return result


def contradicted(surveys: Sequence[Path]) -> dict:
    """Spectra in which engines contradict each other: how many are planted bad ones, and in how many an engine fails.

    An engine fails where a label of its own is more than three calibrated errors from the truth, on the truth's scale.
    """
    bit, result, whole = engine_info("combined").own_flags["contradicted"], {}, []
    for survey in surveys:
        if "combined" not in engines_of(survey):
            continue
        table = read_table(survey / "parameters" / "combined.parquet", ["spectrum_key", "luminosity_class", "flag"])
        table = table.merge(read_table(survey / "sim" / "truth.parquet"), on="spectrum_key")
        planted = (table["true_class"] != table["luminosity_class"]) | (table["planted_rv"] != "")
        bad = planted | table["planted_dmgm"] | table["planted_class"] | (table["companion_kms"].fillna(0) > 0)
        told = (table["flag"].astype("int64") & bit) > 0
        whole.append(pd.DataFrame({"bad": bad, "told": told, "fails": _an_engine_fails(survey, table)}))
        result[survey.name] = _shares(whole[-1])
    return result | ({"together": _shares(pd.concat(whole))} if whole else {})


def _an_engine_fails(survey: Path, about: pd.DataFrame) -> np.ndarray:
    fails = np.zeros(len(about), bool)
    for engine in engines_of(survey):
        info = engine_info(engine)
        if info.of_engines or info.scale != engine_info("combined").scale:
            continue
        own = read_table(survey / "parameters" / f"{engine}.parquet").set_index("spectrum_key")
        own = own.reindex(about["spectrum_key"])
        for label in info.labels:
            off = own[label].to_numpy() - about[f"true_{label}"].to_numpy()
            fails |= np.abs(off) > 3 * own[f"{label}_calib_err"].to_numpy()
    return fails


def _shares(table: pd.DataFrame) -> dict:
    told, others = table[table["told"]], table[~table["told"] & ~table["bad"]]
    low, high = share_limits(told["bad"].sum(), len(told))
    good = told[~told["bad"]]
    return {
        "contradicted": len(told),
        "of_them_planted": float(told["bad"].mean()) if len(told) else None,
        "limits": [float(low), float(high)],
        "of_all_planted": float(table["bad"].mean()),
        "of_the_others_an_engine_fails": float(good["fails"].mean()) if len(good) else None,
        "of_good_ones_without_flag_an_engine_fails": float(others["fails"].mean()),
    }


def clusters(surveys: Sequence[Path]) -> dict:
    """Mean [M/H] of planted clusters less the truth over its error, by engine: all survey's clusters."""
    found: dict[str, list] = {}
    for survey in surveys:
        path = survey / "compare" / "engine_groups.parquet"
        groups = read_table(path) if path.exists() else pd.DataFrame({"group": []})
        for row in groups[groups["group"] == "cluster"].itertuples():
            found.setdefault(row.engine, []).append(
                [survey.name, row.name, row.n, round(row.reference, 2), round(row.mean, 3), round(row.mean_err, 3)]
            )
    return found


def few_data(tables: dict[str, pd.DataFrame]) -> dict:
    """Mean of value less truth where training data are few (by the truth), held-out values of labelled stars too."""
    result = {}
    for name, (kind, label, low, high) in BIASES.items():
        for engine, table in tables.items():
            if label not in engine_info(engine).labels or kind not in engine_info(engine).kinds:
                continue
            value = table[f"{label}_oof"].fillna(table[label]) if f"{label}_oof" in table else table[label]
            truth = table[f"true_{label}"]
            off = (value - truth)[(table["true_class"] == kind) & (truth > low) & (truth < high)].dropna()
            if len(off) > 1:
                numbers = [off.mean(), off.std() / np.sqrt(len(off)), off.median()]
                result[f"{name} {engine}"] = [*(round(float(number), 3) for number in numbers), len(off)]
    return result


def main() -> None:
    """Count, and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("surveys", nargs="*", type=Path, help="folders of finished surveys")
    options.add_argument("--run", nargs="*", type=int, default=[], help="seeds of surveys to make first")
    options.add_argument("--folder", type=Path, default=Path("build/seeds"), help="where those are made")
    options.add_argument("--also", nargs="*", default=["slam", "laspm", "combined"])
    options.add_argument("--groups", action="store_true", help="with binaries, clusters and more repeats")
    options.add_argument("--cores", default="2")
    given = options.parse_args()
    surveys = [*given.surveys, *(run(seed, given) for seed in given.run)]
    engines = [name for name in engines_of(surveys[0]) if all(name in engines_of(survey) for survey in surveys)]
    tables = {name: pd.concat([outcomes(survey, name) for survey in surveys], ignore_index=True) for name in engines}
    pulls = parameter_pulls(tables, surveys) | velocity_pulls(surveys)
    shown = {name: rows for name, rows in pulls.items() if name.split()[0] in ("cnn", "rv")}
    found = {
        "surveys": [survey.name for survey in surveys],
        "pulls": pulls,
        "outside": {f"cnn and rv, all true widths {true}": by_chance(shown, true) for true in (1.0, *WITHIN)},
        "of_each_survey": of_each(tables, surveys),
        "combined_over_best": beside_best(tables),
        "contradicted": contradicted(surveys),
        "clusters": clusters(surveys),
        "few_data": few_data(tables),
    }
    for title, part in found.items():
        for name, numbers in part.items() if isinstance(part, dict) else []:
            print(f"{title} | {name} | {numbers}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
