"""Classes of other catalogues against the labels."""

import pandas as pd
import pytest
from made_stages import SCM, index, photometry, stars_of

from mstars.classify.class_tables import read_class_tables
from mstars.classify.training_sets import scm_pool
from mstars.core.errors import InputError


def test_labels_that_an_external_class_contradicts_are_left_out(survey, tmp_path):
    m, others = survey
    path = tmp_path / "golden.csv"
    rows = [(m, 0, "M"), (m, 1, "G"), (m, 2, "dM"), (others, 0, "K"), (others, 1, "M"), (others, 15, "QSO")]
    table = pd.DataFrame([(frame["ra"][row], frame["dec"][row] + 1 / 3600, name) for frame, row, name in rows])
    table.set_axis(["RAdeg", "DEdeg", "class"], axis=1).to_csv(path, index=False)
    tables = read_class_tables([path])
    given = (m, others, index(m, others), stars_of(m), photometry(m))
    options = {"classes": ("K", "M", "QSO", "WD"), "settings": SCM, "seed": 1, "class_tables": tables}
    pool, excluded = scm_pool(*given, radius_arcsec=3.0, **options)
    assert excluded["contradicted by golden.csv"] == 3  # m001 (G), k001 (M), wd003 (QSO)
    assert not {"m001", "k001", "wd003"} & set(pool["spectrum_key"])
    assert {"m000", "m002", "k000"} <= set(pool["spectrum_key"])
    assert scm_pool(*given, radius_arcsec=0.9, **options)[1]["contradicted by golden.csv"] == 0
    path.write_text("ra,dec,class\n1,2,Cepheid\n")
    with pytest.raises(InputError, match="row 1: class 'Cepheid'"):
        read_class_tables([path])
    path.write_text("ra,dec\n1,2\n")
    with pytest.raises(InputError, match="class"):
        read_class_tables([path])
