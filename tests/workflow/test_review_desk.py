"""The review desk in the whole workflow: a queue decided at the desk, and what the next run makes of it."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest
from places import ROOT
from scripted import answers, decide_queue
from workdir import environment

pytestmark = pytest.mark.workflow

DEPENDENT = {
    *("review_resolve", "rv_apply", "engine_training_set", "engine_inputs", "train_fold", "engine_out_of_fold"),
    *("predict_tlma", "engine_calibrate", "engine_table", "engine_quality", "quality", "recommended", "scorecard"),
}
"""What rests on the decisions of queue rv, up to the scorecard."""


@pytest.fixture
def desk(copy_of_survey):
    """Address of the desk of a queue of the survey."""
    running = []

    def serve(queue):
        folder = copy_of_survey.results / "review" / queue
        process = subprocess.Popen(
            [sys.executable, "-m", "mstars.ops.cli", "review", str(folder), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment() | {"PYTHONPATH": str(ROOT / "src")},
        )
        running.append(process)
        return next(found.group() for line in process.stdout if (found := re.search(r"http://\S+token=\S+", line)))

    yield serve
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def ran(done) -> set[str]:
    """Rules that a run started, from its table of jobs."""
    table = done.stdout + done.stderr
    rows = re.findall(r"^(\w+) +(\d+)$", table.split("Job stats:")[1].split("total")[0], re.MULTILINE)
    return {rule for rule, _ in rows}


def test_a_reviewer_who_knows_the_truth_repairs_velocities_and_reruns_only_what_rests_on_them(copy_of_survey, desk):
    card = copy_of_survey.results / "validation" / "scorecard.json"
    target = "results/ci/validation/scorecard.json"
    copy_of_survey.run("review")
    assert copy_of_survey.planned(target) == {}
    before = json.loads(card.read_text())
    decided = decide_queue(desk("rv"), answers(copy_of_survey.results, "rv"))
    candidates = pd.read_parquet(copy_of_survey.results / "rv" / "candidates.parquet")
    assert decided == len(candidates)
    done = copy_of_survey.run(target)
    assert ran(done) <= DEPENDENT and {"review_resolve", "rv_apply", "scorecard"} <= ran(done)
    after = json.loads(card.read_text())
    # the methods' consensus repairs most of so few by itself: then it's the updates that should not be
    better = [(found["rv_repaired"], -found["rv_false_updates"]) for found in (before, after)]
    assert better[1] > better[0]
    truth = pd.read_parquet(copy_of_survey.results / "sim" / "truth.parquet").set_index("spectrum_key")
    assert after["rv_repaired"] == (truth.loc[candidates["spectrum_key"], "planted_rv"] != "").sum()
    resolved = pd.read_parquet(copy_of_survey.results / "review" / "rv" / "decisions.parquet")
    assert resolved["review_status"].eq("reviewed").all() and resolved["reviewer"].eq("scripted").all()
    catalog = pd.read_parquet(copy_of_survey.results / "catalogs" / "m_catalog_v3.parquet")
    assert set(catalog["rv_review"]) == {"reviewed", ""}


def test_what_the_random_check_finds_leaves_the_catalogue(copy_of_survey, desk):
    copy_of_survey.run("review")
    found = {key: label for key, label in answers(copy_of_survey.results, "random").items() if label != "dM"}
    queue = pd.read_csv(copy_of_survey.results / "review" / "random" / "queue.csv")
    wrong = queue.loc[queue["spectrum_key"].isin(found), "spectrum_key"]
    gone = [key for key in wrong if found[key] != "gM"]
    assert gone
    decide_queue(desk("random"), found)
    target = "results/ci/catalogs/m_catalog_v2.parquet"
    assert set(copy_of_survey.planned(target)) == {"review_resolve", "dgcm_apply"}
    copy_of_survey.run(target)
    catalog = pd.read_parquet(copy_of_survey.path / target).set_index("spectrum_key")
    assert not set(gone) & set(catalog.index)
    assert all(catalog.loc[key, "luminosity_class"] == "gM" for key in wrong if found[key] == "gM")
    non_m = pd.read_parquet(copy_of_survey.results / "catalogs" / "non_m_catalog_v2.parquet").set_index("spectrum_key")
    assert {key: non_m.loc[key, "label"] for key in gone} == {key: found[key] for key in gone}
