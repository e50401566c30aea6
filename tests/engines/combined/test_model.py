"""The combined estimate on made tables of engines: the contract, planted scales, validity, and what goes wrong."""

import json

import numpy as np
import pandas as pd
import pytest

from mstars.core.config.whole import filled
from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.calibration import calibrate_kind
from mstars.engines.combined.info import INFO
from mstars.engines.combined.members import collect_members, held_out_by_engine, with_held_out
from mstars.engines.combined.model import ENGINE, combine_batch, fit_kind, write_fit
from mstars.engines.contract import CLEARING
from mstars.engines.registry import engine_info, engine_models, engine_settings
from mstars.engines.table import engine_table

SETTINGS = engine_settings(filled({}, engine_models()), "combined")
N, LABELLED = 3000, 1200
SIGMA = {"cnn": (35.0, 0.05, 0.07, 0.03), "slam": (45.0, None, 0.06, None), "laspm": (50.0, 0.07, 0.12, None)}
OFFSET = {"cnn": (0, 0, 0, 0), "slam": (0, 0, 0, 0), "laspm": (-90.0, 0.0, 0.08, 0)}
CONTRADICTED, LEFT_OUT, NONE_VALID = (INFO.own_flags[name] for name in INFO.own_flags)
ARGUMENTS = {"settings": SETTINGS, "survey_kind": "simulated"}


@pytest.fixture(scope="module")
def survey():
    """Dwarfs with errors that share a part; laspm is on StarHorse's scale, 90 K lower."""
    rng = np.random.default_rng(11)
    truth = pd.DataFrame(
        {
            "teff": rng.uniform(3300, 3900, N),
            "logg": rng.uniform(4.6, 5.0, N),
            "m_h": rng.uniform(-0.6, 0.3, N),
            "alpha_m": rng.uniform(-0.05, 0.2, N),
        }
    )
    keys, snr = np.array([f"{k:05d}" for k in range(N)]), rng.uniform(8, 120, N)
    shared, tables = rng.normal(size=(N, 4)), {}
    for name, sigmas in SIGMA.items():
        info, table = engine_info(name), pd.DataFrame({"spectrum_key": keys, "luminosity_class": "dM"})
        for column, label in enumerate(LABELS):
            sigma = sigmas[column]
            if sigma is None:
                table[label] = table[f"{label}_err"] = table[f"{label}_oof"] = np.nan
                continue
            noise = sigma * np.sqrt(0.5 + 0.5 * (40 / snr)) * (0.5 * shared[:, column] + 0.866 * rng.normal(size=N))
            table[label] = truth[label] + OFFSET[name][column] + noise
            table[f"{label}_err"] = 0.0 if info.is_ensemble else sigma
            table[f"{label}_oof"] = table[label].where(np.arange(N) < LABELLED)
        tables[name] = table.assign(flag=0, filled_share=0.01)
    labelled = pd.DataFrame({"spectrum_key": keys, "star_id": keys, "snri": snr, "fold": np.arange(N) % 5})[:LABELLED]
    labelled = labelled.assign(**{label: truth[label] for label in LABELS}, **{f"{x}_label_err": 0.0 for x in LABELS})
    catalog = pd.DataFrame({"spectrum_key": keys, "luminosity_class": "dM", "rv": 10.0, "snri": snr, "missing_arm": ""})
    return truth, tables, labelled, catalog


def predicted(tables):
    """Predictions of a batch: without the values of models that have not seen a labelled star."""
    return {name: table.drop(columns=[f"{label}_oof" for label in LABELS]) for name, table in tables.items()}


@pytest.fixture(scope="module")
def fitted(survey, tmp_path_factory):
    _, tables, labelled, catalog = survey
    fit, held = fit_kind(
        tables, labelled, catalog[["spectrum_key", "missing_arm", "snri"]], {}, kind="dM", settings=SETTINGS
    )
    folder = tmp_path_factory.mktemp("models") / "combined_dM" / "all"
    write_fit(folder, fit, labelled, kind="dM", about={"trained_on": "simulated", "survey": "x", "training_set": "y"})
    model = ENGINE.load([folder], kind="dM", settings=SETTINGS)
    return folder, {"dM": model, "gM": model}, held


def test_it_beats_every_engine_and_its_calibrated_errors_are_honest(survey, fitted):
    truth, tables, labelled, catalog = survey
    _, models, held = fitted
    predictions = combine_batch(models, predicted(tables), catalog, **ARGUMENTS)
    calibration = calibrate_kind(INFO, held, kind="dM", label_errors="removed")
    keys = catalog[["spectrum_key", "snri"]]
    table = engine_table(INFO, predictions, keys, {"dM": calibration}, held)
    new = np.arange(N) >= LABELLED
    for column, label in enumerate(LABELS):
        off = (table[label] - truth[label])[new]
        for name, sigmas in SIGMA.items():
            if sigmas[column] is not None:
                own = tables[name][label] - truth[label] - OFFSET[name][column]
                assert off.std() < 1.02 * own[new].std(), (label, name)
        pull = off / table[f"{label}_calib_err"][new]
        assert 0.9 < 1.4826 * pull.abs().median() < 1.1, label
        assert abs(off.median()) < 4 * off.std() / np.sqrt(new.sum())
    best = (tables["cnn"]["teff"] - truth["teff"])[new].std()
    assert (table["teff"] - truth["teff"])[new].std() < 0.9 * best


def test_the_table_keeps_every_row_and_the_contracts_columns(survey, fitted):
    _, tables, _, catalog = survey
    odd = catalog.copy()
    odd.loc[0, "luminosity_class"], odd.loc[1, "rv"] = "sdM", np.nan
    given = {name: table[3:] for name, table in tables.items()}
    found = combine_batch(fitted[1], predicted(given), odd, **ARGUMENTS)
    columns = ["spectrum_key", "luminosity_class", *(n for label in LABELS for n in (label, f"{label}_err"))]
    assert list(found) == [*columns, "filled_share", "flag", "chi2", *INFO.extra_columns]
    assert found["spectrum_key"].tolist() == catalog["spectrum_key"].tolist() and found["flag"].dtype == np.int32
    assert found.loc[0, "flag"] & EngineFlag.OTHER_CLASS and found.loc[1, "flag"] & EngineFlag.NO_RV
    assert (found["flag"][1:3] & NONE_VALID > 0).all() and (found["flag"][:3] & EngineFlag.NO_PREDICTION > 0).all()
    assert found[list(LABELS)][:3].isna().all(axis=None) and found["teff"][3:].notna().all()
    assert len(combine_batch(fitted[1], predicted(tables), catalog[:0], **ARGUMENTS)) == 0


def test_results_do_not_depend_on_the_batch(survey, fitted):
    _, tables, _, catalog = survey
    whole = combine_batch(fitted[1], predicted(tables), catalog, **ARGUMENTS)
    part = combine_batch(fitted[1], predicted(tables), catalog[50:60], **ARGUMENTS)
    pd.testing.assert_frame_equal(part, whole[50:60].reset_index(drop=True))


def test_an_engine_is_not_used_outside_its_validity(survey, fitted):
    _, tables, _, catalog = survey
    changed = {name: table.copy() for name, table in tables.items()}
    low, high = engine_info("laspm").ranges["dM"]["teff"]
    changed["laspm"].loc[0, "teff"], changed["laspm"].loc[1, "teff"] = low - 1, high + 1
    bits = [bit for bit in CLEARING if bit != EngineFlag.SIMULATION_TRAINED]
    for row, bit in enumerate(bits, start=2):
        changed["laspm"].loc[row, "flag"] = int(bit)
    blue = catalog.assign(missing_arm=np.where(np.arange(N) == 20, "blue", ""))
    found = combine_batch(fitted[1], predicted(changed), blue, **ARGUMENTS)
    without = combine_batch(fitted[1], predicted({**tables, "laspm": tables["laspm"][:0]}), catalog, **ARGUMENTS)
    rows = np.arange(2 + len(bits))
    np.testing.assert_array_equal(found["teff"][rows], without["teff"][rows])
    assert (found["teff_engines"][rows] == 2).all() and found["teff_engines"][15] == 3
    assert found["teff_engines"][20] == 2 and np.isnan(found["alpha_m"][20])  # cnn needs the blue arm


def test_an_engine_that_has_learnt_from_a_star_is_not_asked_about_it(survey, fitted, tmp_path):
    """laspm finds labelled stars in its library, and says their labels: here 300 K off. Its held-out values count."""
    _, tables, _, catalog = survey
    own = predicted(tables)
    own["laspm"].loc[: LABELLED - 1, "teff"] += 300.0
    seen = {}
    for name, table in tables.items():
        stem = "tlma" if name == "cnn" else name
        for kind, rows in (("dM", table[: LABELLED // 2]), ("gM", table[LABELLED // 2 : LABELLED])):
            path = tmp_path / f"{stem}_{kind}" / "out_of_fold.parquet"
            path.parent.mkdir()
            rows[["spectrum_key", *(f"{label}_oof" for label in LABELS)]].to_parquet(path)
            seen.setdefault(name, []).append(path)
    held = held_out_by_engine([path for paths in seen.values() for path in paths])
    assert set(held) == set(tables) and all(len(table) == LABELLED for table in held.values())
    given = {name: with_held_out(table, held[name]) for name, table in own.items()}
    found, plain = (combine_batch(fitted[1], one, catalog, **ARGUMENTS) for one in (given, own))
    assert (plain["flag"][:LABELLED] & CONTRADICTED > 0).mean() > 0.9
    assert (found["flag"] & CONTRADICTED > 0).mean() < 0.005
    pd.testing.assert_frame_equal(found[LABELLED:], plain[LABELLED:])
    # of labelled stars cnn has one model's value, with that one's error
    assert given["cnn"]["teff_oof"].notna().sum() == LABELLED


def test_one_failing_engine_is_left_out_and_two_that_contradict_are_told(survey, fitted):
    truth, tables, _, catalog = survey
    changed = {name: table.copy() for name, table in tables.items()}
    changed["slam"].loc[:99, "teff"] = np.where(changed["slam"]["teff"][:100] > 3600, 3100.0, 4100.0)
    found = combine_batch(fitted[1], predicted(changed), catalog, **ARGUMENTS)
    assert (found["flag"][:100] & CONTRADICTED > 0).mean() > 0.98 and (found["flag"][:100] & LEFT_OUT > 0).mean() > 0.9
    assert (found["teff"] - truth["teff"])[:100].std() < 60
    assert (found["flag"][100:] & CONTRADICTED > 0).mean() < 0.02


def test_models_of_simulated_spectra_are_told_on_a_real_survey(survey, fitted):
    _, tables, _, catalog = survey
    real = {"settings": SETTINGS, "survey_kind": "files"}
    assert (
        combine_batch(fitted[1], predicted(tables), catalog, **real)["flag"] & EngineFlag.SIMULATION_TRAINED > 0
    ).all()
    models = dict(fitted[1])
    models["dM"].about["trained_on"] = "release"
    flagged = {**tables, "cnn": tables["cnn"].assign(flag=int(EngineFlag.SIMULATION_TRAINED))}
    found = combine_batch(models, predicted(flagged), catalog, **real)
    models["dM"].about["trained_on"] = "simulated"
    assert (found["flag"] & EngineFlag.SIMULATION_TRAINED > 0).all() and found["teff"].notna().mean() > 0.99


def test_one_engine_alone_and_one_without_common_stars(survey):
    truth, tables, labelled, catalog = survey
    arms = catalog[["spectrum_key", "missing_arm", "snri"]]
    alone, held = fit_kind({"cnn": tables["cnn"]}, labelled, arms, {}, kind="dM", settings=SETTINGS)
    assert alone.left_out == {} and held["teff_oof"].notna().mean() > 0.9
    strange = tables["laspm"].assign(spectrum_key=lambda table: "x" + table["spectrum_key"])
    fit, _ = fit_kind({"cnn": tables["cnn"], "laspm": strange}, labelled, arms, {}, kind="dM", settings=SETTINGS)
    assert fit.labels["teff"].members == [0] and "0 labelled stars in common" in fit.left_out["laspm teff"]
    none, held = fit_kind({"laspm": strange}, labelled, arms, {}, kind="dM", settings=SETTINGS)
    assert none.labels == {} and none.left_out["teff"] and held["teff_oof"].isna().all()


def test_what_averaging_takes_off_is_that_of_new_stars(survey):
    """Models agree twice as well on labelled stars; the fit takes the spread of the others at the same S/N."""
    _, tables, labelled, catalog = survey
    wide = 200 / catalog["snri"]
    told = tables["cnn"].assign(teff_err=np.where(np.arange(N) < LABELLED, 0.5, 1.0) * wide)
    keys = labelled[["spectrum_key"]].assign(missing_arm="")
    found = collect_members({"cnn": told}, keys, "dM", held_out=catalog).spread["teff"][:, 0]
    np.testing.assert_allclose(found, np.minimum(wide[:LABELLED], found.max()), rtol=0.06)
    few = told[: LABELLED + 5]
    assert (
        collect_members({"cnn": few}, keys, "dM", held_out=catalog).spread["teff"][:, 0] < 0.6 * wide[:LABELLED]
    ).all()


def test_an_engine_that_it_was_fitted_with_must_be_there(survey, fitted):
    _, tables, _, catalog = survey
    with pytest.raises(InputError, match="combined_dM.*was fitted with laspm.*parameters.also"):
        combine_batch(fitted[1], predicted({name: tables[name] for name in ("cnn", "slam")}), catalog, **ARGUMENTS)


def test_folders_of_another_class_engine_or_version_are_refused(fitted, tmp_path):
    folder = fitted[0]
    with pytest.raises(InputError, match="kind is 'dM', expected 'gM'"):
        ENGINE.load([folder], kind="gM", settings=SETTINGS)
    about = json.loads((folder / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps({**about, "format": "mstars-combined-99"}))
    with pytest.raises(InputError, match="mstars-combined-99"):
        ENGINE.load([tmp_path], kind="dM", settings=SETTINGS)
    with pytest.raises(InputError, match="2 folders"):
        ENGINE.load([folder, folder], kind="dM", settings=SETTINGS)
    with pytest.raises(InputError, match="combines the tables of other engines"):
        ENGINE.prepare(None, None, SETTINGS)


def test_the_same_tables_give_the_same_bytes(survey, fitted, tmp_path):
    _, tables, labelled, catalog = survey
    fit, _ = fit_kind(
        tables, labelled, catalog[["spectrum_key", "missing_arm", "snri"]], {}, kind="dM", settings=SETTINGS
    )
    about = {"trained_on": "simulated", "survey": "x", "training_set": "y"}
    write_fit(tmp_path, fit, labelled, kind="dM", about=about)
    for name in ("model.json", "weights.safetensors", "history.csv"):
        assert (tmp_path / name).read_bytes() == (fitted[0] / name).read_bytes(), name
