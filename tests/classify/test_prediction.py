"""Predictions of a batch from its store."""

import numpy as np
import pandas as pd
import pytest
from made_spectra import m_like

from mstars.classify import flux_bins, outliers, zirconium
from mstars.classify.flux_bins import bin_spectra
from mstars.classify.outliers import outlier_score
from mstars.classify.prediction import classify_batch
from mstars.core.errors import InputError
from mstars.files.stores import write_batch
from mstars.spectra.band_indices import band_indices


def test_from_the_stores_on(model, tmp_path):
    spectra = m_like(12, 30, 8)
    header = pd.DataFrame({"spectrum_key": spectra.spectrum_key})
    write_batch(tmp_path / "a.h5", spectra, header, pd.DataFrame({"path": [], "reason": []}))
    table = header.assign(batch="a", row=np.arange(12), label=["M"] * 11 + ["K"])
    spt = header.assign(spt_class=["M", "K", "QSO"] + ["M"] * 9)
    wdm = header.assign(wdm_class=["WD"] + ["M"] * 11)
    rows = outliers.m_stars(table, spt, wdm)
    assert rows["spectrum_key"].tolist() == ["s1", *(f"s{i}" for i in range(3, 11))]
    features = flux_bins.read_features(rows.iloc[::-1], {"a": tmp_path / "a.h5"})
    backwards = spectra.select(np.array([1, *range(3, 11)])[::-1])
    np.testing.assert_array_equal(features["flux"], bin_spectra(backwards)[0])
    np.testing.assert_array_equal(features["step_variance"], zirconium.head_steps(backwards)[1])
    scores = outliers.score_batch(model, tmp_path / "a.h5", np.array(["s7", "s2", "gone"]), chunk=5)
    assert scores["spectrum_key"].tolist() == ["s2", "s7"]
    np.testing.assert_array_equal(scores["ood_score"], outlier_score(model, *bin_spectra(spectra.select([2, 7]))))
    chosen = band_indices(spectra.select([2, 7]), np.zeros(2))
    np.testing.assert_array_equal(scores[["tio5", "tio5_err"]], chosen[["tio5", "tio5_err"]])
    assert scores["zro_score"].isna().all()  # this model knows no band heads
    together = classify_batch([], tmp_path / "a.h5", np.array(["s7", "s2", "gone"]), model, chunk=5)
    pd.testing.assert_frame_equal(together["ood"], scores)
    with pytest.raises(InputError, match="use: off"):
        outliers.m_stars(table.assign(label="K"), spt, wdm)


def test_a_batch_is_predicted_from_the_store(tmp_path):
    from made_networks import SMALL, make_store

    from mstars.networks.architecture import build_network
    from mstars.networks.folder import Model
    from mstars.networks.inference import predict_classifier
    from mstars.spectra.preprocessing import classifier_input

    keys = np.array([f"k{i}" for i in range(7)])
    spectra = make_store(tmp_path / "a.h5", keys, 1)
    model = Model(build_network(SMALL, 2, 1).eval(), "classifier", "wdm", ["WD", "M"])
    other = Model(build_network(SMALL, 3, 2).eval(), "classifier", "spt", ["K", "M", "QSO"])
    tables = classify_batch([model, other], tmp_path / "a.h5", np.array(["k5", "k1", "k2", "gone"]), chunk=3)
    table = tables["wdm"]
    alone = classify_batch([other], tmp_path / "a.h5", np.array(["k5", "k1", "k2"]), chunk=3)
    pd.testing.assert_frame_equal(tables["spt"], alone["spt"])
    assert list(tables) == ["wdm", "spt"] and list(alone) == ["spt"]
    assert table["spectrum_key"].tolist() == ["k1", "k2", "k5"]
    _, probability = predict_classifier(model, classifier_input(spectra.select([1, 2, 5])))
    np.testing.assert_allclose(table[["prob_WD", "prob_M"]], probability, rtol=1e-5)
    np.testing.assert_allclose(table["wdm_prob"], probability.max(axis=1), rtol=1e-5)
    nothing = classify_batch([model], tmp_path / "a.h5", np.array(["gone"]))["wdm"]
    assert len(nothing) == 0 and list(nothing.columns) == list(table.columns)


def test_a_classifier_has_no_vote_without_its_pixels(tmp_path):
    from made_networks import SMALL, make_store

    from mstars.files.stores import read_batch, read_header
    from mstars.networks.architecture import build_network
    from mstars.networks.folder import Model

    keys = np.array([f"k{i}" for i in range(5)])
    make_store(tmp_path / "a.h5", keys, 1)
    spectra, header = read_batch(tmp_path / "a.h5"), read_header(tmp_path / "a.h5")
    red = spectra.wavelength > 5900
    spectra.ivar[1, red] = 0  # cut off
    spectra.ormask[2, red] = 32  # masked
    spectra.ivar[3, ~red] = 0
    spectra.ivar[4] = 0
    write_batch(tmp_path / "b.h5", spectra, header, pd.DataFrame({"path": [], "reason": []}))
    dmgm = Model(build_network(SMALL, 2, 1).eval(), "classifier", "dmgm", ["dM", "gM"])
    spt = Model(build_network(SMALL, 3, 2).eval(), "classifier", "spt", ["K", "M", "QSO"])
    wdm = Model(build_network(SMALL, 2, 3).eval(), "classifier", "wdm", ["M", "WD"])
    other = Model(build_network(SMALL, 2, 4).eval(), "classifier", "other", ["a", "b"])
    tables = classify_batch([dmgm, spt, wdm, other], tmp_path / "b.h5", keys)
    assert list(tables["dmgm"]["dmgm_class"] == "") == [False, True, True, False, True]
    assert list(tables["spt"]["spt_class"] == "") == [False, True, True, False, True]
    assert list(tables["wdm"]["wdm_class"] == "") == [False, False, False, True, True]
    assert list(tables["other"]["other_class"] == "") == [False, False, False, False, True]
    for table, columns in ((tables["dmgm"], ["dmgm_prob", "prob_dM", "prob_gM"]), (tables["spt"], ["spt_prob"])):
        silent = table.iloc[:, 1] == ""
        assert table.loc[silent, columns].isna().all(axis=None) and table.loc[~silent, columns].notna().all(axis=None)
