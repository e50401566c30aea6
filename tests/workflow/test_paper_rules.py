"""What is made when it is asked for beyond `all`, on a finished survey: the paper's numbers, a spectrum's picture."""

import json
import shutil

import pandas as pd
import pytest

pytestmark = [pytest.mark.workflow, pytest.mark.timeout(1500)]


def test_the_papers_numbers_and_the_machine_readable_tables_are_made(copy_of_survey):
    copy_of_survey.run("results/ci/tables/paper_comparison.csv", "results/ci/catalogs/cds/ReadMe")
    numbers = pd.read_parquet(copy_of_survey.results / "compare" / "numbers.parquet").set_index("key")["ours"]
    card = json.loads((copy_of_survey.results / "validation" / "scorecard.json").read_text())
    # the scorecard counts from the truth, the numbers from the catalogues; both count files that ingest rejects
    assert numbers["n_input"] == card["n_input"]
    recommended = pd.read_parquet(copy_of_survey.results / "catalogs" / "recommended.parquet")
    readme = (copy_of_survey.results / "catalogs" / "cds" / "ReadMe").read_text()
    assert f" {len(recommended)} " in readme and "SIMULATED" in readme
    assert set(jobs_of(copy_of_survey)) == set()


def test_the_picture_of_one_spectrum_by_its_key_and_by_its_obsid(copy_of_survey):
    table = pd.read_parquet(copy_of_survey.results / "catalogs" / "m_catalog_v3.parquet")
    for name in (table["spectrum_key"].iloc[0], table["obsid"].iloc[1]):
        copy_of_survey.run(f"results/ci/rv/diagnosis/{name}.png")
        assert (copy_of_survey.results / "rv" / "diagnosis" / f"{name}.png").stat().st_size > 10_000
    done = copy_of_survey.run("results/ci/rv/diagnosis/nothing.png", check=False)
    assert done.returncode != 0 and "nothing is no spectrum_key or obsid of survey ci" in done.stdout + done.stderr


def jobs_of(survey):
    return survey.planned("results/ci/tables/paper_comparison.csv", "results/ci/catalogs/cds/ReadMe")


def test_two_configs_of_the_same_spectra_side_by_side(copy_of_survey):
    done = copy_of_survey.run("-n", "results/ci/validation/recipes.csv", check=False)
    assert done.returncode and "results/ci_paper/validation/scorecard.json is not there" in done.stdout + done.stderr
    shutil.copytree(copy_of_survey.results, copy_of_survey.results.with_name("ci_paper"))
    copy_of_survey.run("results/ci/validation/recipes.csv")
    table = pd.read_csv(copy_of_survey.results / "validation" / "recipes.csv")
    differ = table[table["part"] == "where they differ"]
    assert table["ours"].equals(table["theirs"]) and (differ["ours_n"].iloc[:3] == 0).all()
    text = (copy_of_survey.results / "validation" / "recipes.md").read_text()
    assert text.startswith("# ci and ci_paper") and "| repaired | non_m_recall |" in text
