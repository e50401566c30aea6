"""Numbers of a finished run, from its files."""

import pandas as pd
from made_results import folds

from mstars.files.json_files import write_json
from mstars.files.tables import write_table
from mstars.paper.numbers import fold_table
from mstars.paper.numbers_of_run import folds_of_run


def test_the_folds_of_both_classes_are_read_in_the_order_of_their_files(tmp_path):
    models, tables = [], []
    for kind in ("dM", "gM"):
        for number, (table, model) in folds().items():
            models.append(tmp_path / f"{kind}{number}.json")
            tables.append(tmp_path / f"{kind}{number}.parquet")
            write_json(model, models[-1])
            write_table(table, tables[-1])
    found = folds_of_run(models, tables, ["dM", "gM"], list(folds()))
    plain = pd.concat([fold_table(kind, folds()) for kind in ("dM", "gM")], ignore_index=True)
    pd.testing.assert_frame_equal(found, plain)
