"""What the target `paper` makes beyond `all`, on a finished survey."""

import json

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]


def test_the_papers_numbers_and_the_machine_readable_tables_are_made(copy_of_survey):
    copy_of_survey.run("results/ci/tables/paper_comparison.csv", "results/ci/catalogs/cds/ReadMe")
    numbers = pd.read_parquet(copy_of_survey.results / "compare" / "numbers.parquet").set_index("key")["ours"]
    card = json.loads((copy_of_survey.results / "validation" / "scorecard.json").read_text())
    # the scorecard counts from the truth, the numbers from the catalogues
    assert numbers["n_input"] == card["n_input"] - card["n_rejected"]
    recommended = pd.read_parquet(copy_of_survey.results / "catalogs" / "recommended.parquet")
    readme = (copy_of_survey.results / "catalogs" / "cds" / "ReadMe").read_text()
    assert f" {len(recommended)} " in readme and "SIMULATED" in readme
    assert set(jobs_of(copy_of_survey)) == set()


def jobs_of(survey):
    return survey.planned("results/ci/tables/paper_comparison.csv", "results/ci/catalogs/cds/ReadMe")
