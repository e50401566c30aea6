import numpy as np
import pandas as pd

from mstars.review.decisions import labels
from mstars.validate.answers import right_labels

TRUTH = pd.DataFrame(
    {
        "spectrum_key": list("abcde"),
        "true_class": ["dM", "gM", "galaxy", "dM", "dM"],
        "true_rv_lamost": [10.0, 0.0, 0.0, 50.0, 0.0],
        "planted_rv": ["", "wrong_rv", "", "low_quality", "wave_err"],
    }
)


def test_classes_are_named_as_the_queue_names_them():
    keys = TRUTH[["spectrum_key"]]
    assert list(right_labels("scm", TRUTH, keys, 30.0)["right"]) == ["M", "M", "galaxy", "M", "M"]
    assert list(right_labels("dgcm", TRUTH, keys, 30.0)["right"]) == ["dM", "gM", "galaxy", "dM", "dM"]


def test_velocities_near_the_truth_are_right_the_nearest_first():
    speeds = TRUTH[["spectrum_key"]].assign(
        lamost_rv=[10.0, 300.0, np.nan, 400.0, 500.0],
        rv_tm=[12.0, -5.0, 99.0, np.nan, 9.0],
        rv_dsal1=[11.0, 2.0, 50, 60.0, 400],
    )
    assert list(right_labels("rv", TRUTH, speeds, 30.0)["right"]) == [
        *("LAMOST;DSAL_I;TM", "DSAL_I;TM", "", "NoRV_lowQuality;DSAL_I", "NoRV_waveErr;TM")
    ]
    assert set(";".join(right_labels("rv", TRUTH, speeds, 30.0)["right"]).split(";")) <= {*labels("rv"), ""}
