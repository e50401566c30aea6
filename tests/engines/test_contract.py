"""What every engine of the registry must do: the contract of mstars.engines.contract."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_engines import CONSTANT, INTERPOLATED, MASKED, N_STAR, NO_RV, OTHER, train_engine

from mstars.core.errors import InputError
from mstars.core.flags import EngineFlag
from mstars.core.labels import LABELS
from mstars.engines.batch import held_out_table, predict_batch
from mstars.engines.calibration import calibrate_kind
from mstars.engines.contract import check_estimates
from mstars.engines.registry import engine_info, engine_names
from mstars.engines.table import engine_table

BITS = sum(EngineFlag)
OF_SPECTRA = [name for name in engine_names() if not engine_info(name).of_engines]
"""`tests/engines/combined` asks the same of the engine that is made of the others' tables."""


@pytest.fixture(params=OF_SPECTRA)
def trained(request, trained_engine):
    """Each engine of the registry in turn."""
    return trained_engine(request.param)


def predicted(trained, catalog=None, *, kind="simulated", chunk=40, settings=None):
    catalog = trained.survey.catalog if catalog is None else catalog
    settings = trained.settings if settings is None else settings
    models = {trained.kind: trained.load()}
    models |= dict.fromkeys(trained.engine.info.kinds, models[trained.kind])
    arguments = {"settings": settings, "survey_kind": kind, "chunk": chunk}
    table = predict_batch(trained.engine, models, trained.survey.store, catalog, **arguments)
    return table.set_index(table["spectrum_key"].rename(None), drop=False)


def held_out(trained):
    arguments = {"kind": trained.kind, "settings": trained.settings}
    return held_out_table(trained.engine, trained.folders, trained.x, trained.training, **arguments)


def whole_table(trained, predictions, **options):
    info, held = trained.engine.info, held_out(trained)
    snri = trained.survey.catalog[["spectrum_key", "snri"]]
    calibration = calibrate_kind(
        info, held, kind=trained.kind, label_errors="removed", predictions=predictions, snri=snri
    )  # fmt: skip
    return engine_table(info, predictions.reset_index(drop=True), snri, {trained.kind: calibration}, held, **options)


def test_the_training_set_has_labels_errors_and_folds_of_stars(trained):
    table, labels = trained.training, trained.engine.info.labels
    needed = {"spectrum_key", "batch", "row", "star_id", "rv", "snri", "fold"}
    assert needed | set(labels) | {f"{label}_label_err" for label in labels} <= set(table)
    assert np.isfinite(table[list(labels)]).all(axis=None) and trained.summary["spectra"] == len(table)
    assert (table.groupby("star_id")["fold"].nunique() == 1).all()
    without_labels = trained.survey.catalog["spectrum_key"][8]
    assert without_labels not in set(table["spectrum_key"])
    assert trained.summary["hash"] and set(trained.x.flux.shape) == {
        len(table),
        len(trained.engine.grid(trained.settings)),
    }


def test_predictions_have_the_columns_and_are_near_the_truth(trained):
    info, result = trained.engine.info, predicted(trained)
    columns = ["spectrum_key", "luminosity_class"]
    columns += [name for label in info.labels for name in (label, f"{label}_err")]
    columns += ["filled_share", "flag", *["chi2"] * info.gives_chi2, *info.extra_columns]
    assert (
        list(result) == columns and result["spectrum_key"].tolist() == trained.survey.catalog["spectrum_key"].tolist()
    )
    assert result["flag"].dtype == np.int32
    usual = np.arange(N_STAR) > OTHER
    for label in info.labels:
        truth = trained.survey.table.loc[usual, label]
        assert np.corrcoef(result.loc[usual, label], truth)[0, 1] > 0.7
        assert (result.loc[usual, f"{label}_err"] > 0).all() or info.error == "none"


def test_odd_spectra_are_flagged_and_survived(trained):
    catalog = trained.survey.catalog.copy()
    catalog.loc[NO_RV, "rv"], catalog.loc[OTHER, "luminosity_class"] = np.nan, "sdM"
    result = predicted(trained, catalog)
    labels, key = list(trained.engine.info.labels), catalog["spectrum_key"]
    flag = {row: EngineFlag(int(result.loc[key[row], "flag"]) & BITS) for row in range(6)}
    for row in (CONSTANT, MASKED, OTHER):
        assert flag[row] & EngineFlag.NO_PREDICTION and result.loc[key[row], labels].isna().all()
    assert flag[INTERPOLATED] & EngineFlag.INTERPOLATED and flag[MASKED] & EngineFlag.INTERPOLATED
    assert flag[NO_RV] & EngineFlag.NO_RV and result.loc[key[NO_RV], labels].notna().all()
    assert flag[OTHER] & EngineFlag.OTHER_CLASS and not flag[0] & (EngineFlag.NO_RV | EngineFlag.OTHER_CLASS)
    errors = result[[f"{label}_err" for label in labels]]
    if trained.engine.info.error != "none":
        assert (errors.isna().to_numpy() == result[labels].isna().to_numpy()).all()


def test_a_batch_of_one_or_none(trained):
    one = predicted(trained, trained.survey.catalog[10:11])
    assert len(one) == 1 and one[list(trained.engine.info.labels)].notna().all(axis=None)
    none = predicted(trained, trained.survey.catalog[:0])
    assert len(none) == 0 and list(none) == list(one)


def test_predictions_do_not_depend_on_the_batch(trained):
    together, alone = predicted(trained, chunk=N_STAR), predicted(trained, trained.survey.catalog[::3], chunk=7)
    part = together.loc[alone.index]
    numbers = [name for name in alone if alone[name].dtype.kind == "f"]
    scale = part[numbers].abs().max().to_numpy()
    difference = (alone[numbers] - part[numbers]).to_numpy() / np.where(scale > 0, scale, 1)
    assert np.nanmax(np.abs(difference)) < 1e-4 and (alone["flag"] == part["flag"]).all()
    assert (alone[numbers].isna() == part[numbers].isna()).all(axis=None)


def test_low_snr_and_models_of_simulated_spectra_are_flagged(trained):
    settings = {**trained.settings, "least_snr": {"snri": 50.0, "snrr": 5}}
    result = predicted(trained, kind="files", settings=settings)
    own = result["flag"] & (EngineFlag.BELOW_SNR | EngineFlag.SIMULATION_TRAINED)
    assert (own == EngineFlag.BELOW_SNR | EngineFlag.SIMULATION_TRAINED).all()  # S/N_i is 50, not above
    assert not (predicted(trained)["flag"] & (EngineFlag.BELOW_SNR | EngineFlag.SIMULATION_TRAINED)).any()


def test_stars_outside_the_training_labels_are_flagged(trained):
    model = trained.load()
    model.about["label_max"] = np.full(len(trained.engine.info.labels), -1e9)
    models = dict.fromkeys(trained.engine.info.kinds, model)
    arguments = {"settings": trained.settings, "survey_kind": "simulated"}
    result = predict_batch(trained.engine, models, trained.survey.store, trained.survey.catalog, **arguments)
    outside = result["flag"] & EngineFlag.OUTSIDE_TRAINING_LABELS > 0
    assert (outside == result[list(trained.engine.info.labels)].notna().any(axis=1)).all() and outside.any()


def test_labelled_stars_are_predicted_by_models_that_have_not_seen_them(trained):
    info, held = trained.engine.info, held_out(trained)
    assert held["spectrum_key"].tolist() == trained.training["spectrum_key"].tolist()
    usual = ~trained.training["row"].isin([INTERPOLATED, CONSTANT, MASKED])
    for label in info.labels:
        assert np.isfinite(held.loc[usual, [f"{label}_{end}" for end in ("oof", "mean", "spread")]]).all(axis=None)
        assert np.corrcoef(held.loc[usual, f"{label}_oof"], held.loc[usual, f"{label}_true"])[0, 1] > 0.5
        assert (held[f"{label}_oof"] != held[f"{label}_mean"])[usual].any() or info.parts == "all"
    if info.parts != "all":
        with pytest.raises(InputError, match="folds"):
            fewer = {part: folder for part, folder in trained.folders.items() if part != "fold1"}
            trained.engine.held_out(
                fewer, trained.x, trained.training, kind=trained.kind, settings=trained.settings
            )  # fmt: skip


@pytest.mark.parametrize("out_of_fold", [False, True])
def test_the_table_has_every_label_and_every_spectrum(trained, out_of_fold):
    info = trained.engine.info
    predictions = predicted(trained)[:80]  # ten spectra came in no batch
    unlike = pd.DataFrame({"spectrum_key": trained.survey.catalog["spectrum_key"], "ood_score": 0.2})
    unlike.loc[10, "ood_score"] = 1.0
    table = whole_table(trained, predictions, out_of_fold=out_of_fold, unlike=unlike)
    columns = ["spectrum_key", "luminosity_class"]
    columns += [f"{label}{end}" for label in LABELS for end in ("", "_err", "_calib_err", "_oof")]
    assert list(table) == [*columns, "oof_fold", "filled_share", "flag", "chi2", *info.extra_columns]
    assert table["spectrum_key"].tolist() == trained.survey.catalog["spectrum_key"].tolist()
    assert (table["flag"] & EngineFlag.NO_PREDICTION > 0)[80:].all()
    assert np.flatnonzero(table["flag"] & EngineFlag.UNLIKE_TRAINING).tolist() == [10]
    labelled = table["spectrum_key"].isin(trained.training["spectrum_key"])
    assert ((table["flag"] & EngineFlag.TRAINING_STAR > 0) == labelled).all()
    for label in LABELS:
        own = table[[label, f"{label}_calib_err", f"{label}_oof"]]
        assert own[6:80][labelled[6:80]].notna().all(axis=None) if label in info.labels else own.isna().all(axis=None)
        if label in info.labels:
            expected = table[f"{label}_oof"] if out_of_fold else predictions[label].reset_index(drop=True)
            pd.testing.assert_series_equal(table[label][10:80][labelled], expected[10:80][labelled], check_names=False)
            assert (table[f"{label}_calib_err"][6:80] > 0).all()
    assert table["chi2"][6:80].notna().all() == info.gives_chi2


def test_the_same_seed_gives_the_same_bytes(trained, tmp_path):
    again = train_engine(trained.engine.info.name, tmp_path, n_parts=1)
    pd.testing.assert_frame_equal(again.training, trained.training)
    for part, folder in again.folders.items():
        for path in sorted(folder.iterdir()):
            if path.suffix in (".safetensors", ".csv", ".json") and not path.name.startswith("."):
                assert path.read_bytes() == (trained.folders[part] / path.name).read_bytes(), path.name


def folders_with(trained, tmp_path, change):
    """Copies of the predicting folders with another model.json."""
    copies = []
    for part in trained.engine.info.predicting(list(trained.folders)):
        copies.append(Path(shutil.copytree(trained.folders[part], tmp_path / part)))
        description = json.loads((copies[-1] / "model.json").read_text())
        change(description)
        (copies[-1] / "model.json").write_text(json.dumps(description))
    return copies


def other_grid(description):
    name = "first" if "first" in description["grid"] else "first_angstrom"
    description["grid"][name] += 1


@pytest.mark.parametrize(
    "change",
    [
        lambda description: description.update(format="mstars-other-1"),
        lambda description: description.update(format=description["format"].rsplit("-", 1)[0] + "-999"),
        other_grid,
        lambda description: description["weights"].update(sha256="0" * 64),
    ],
    ids=["engine", "version", "grid", "damage"],
)
def test_a_folder_of_another_engine_version_or_grid_is_refused(trained, tmp_path, change):
    folders = folders_with(trained, tmp_path, change)
    with pytest.raises(InputError, match=str(tmp_path)):
        trained.engine.load(folders, kind=trained.kind, settings=trained.settings)


def test_a_folder_of_another_class_or_without_a_model_is_refused(trained, tmp_path):
    folders = [trained.folders[part] for part in trained.engine.info.predicting(list(trained.folders))]
    other = {"dM": "gM", "gM": "dM"}[trained.kind]
    with pytest.raises(InputError, match=other):
        trained.engine.load(folders, kind=other, settings=trained.settings)
    with pytest.raises(InputError, match="not a trained model"):
        trained.engine.load([tmp_path], kind=trained.kind, settings=trained.settings)


def test_estimates_pass_their_check(trained):
    rows = np.flatnonzero(~trained.training["row"].isin([INTERPOLATED, CONSTANT, MASKED]))[:5]
    about = trained.training.iloc[rows].assign(luminosity_class=trained.kind)
    found = trained.engine.predict(trained.load(), trained.x.take(rows), about)
    assert check_estimates(found, trained.engine.info, len(rows)) is found


def test_all_engines_are_tried():
    assert {"cnn", "csn", "laspm", "ridge", "slam"} == set(OF_SPECTRA) and "combined" in engine_names()
