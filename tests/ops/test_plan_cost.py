"""The model of a big run: made-up runs whose times are known exactly."""

import re

import pandas as pd
import pytest
from places import ROOT

from mstars.core.errors import InputError
from mstars.ops import cli, plan_cost
from mstars.ops.plan_cost import JOB_START_S, measured, predicted

START, BATCH = 0.5, 1000


def made_up_run(n_batches, cores=2, trainings=()):
    """Batches of 1000 spectra: each job 4 s; then three rules, of which one grows by 1 ms a spectrum."""
    rows, ended = [], [0.0] * cores
    for number in range(n_batches):
        for rule in ("ingest_batch", "rv_measure"):
            core = ended.index(min(ended))
            ended[core] += 4.0
            rows.append([rule, f"b{number}", 4.0, ended[core]])
    now = max(ended)
    for rule, seconds in {"plan": START, "rv_apply": START, "quality": START + 1e-3 * BATCH * n_batches}.items():
        now += seconds
        rows.append([rule, "", seconds, now])
    rows += [["train", f"t{number}", seconds, now] for number, seconds in enumerate(trainings)]
    rows.append(["simulate_plates", "x", 50.0, -100.0])
    table = pd.DataFrame(rows, columns=["rule", "job", "seconds", "ended"])
    return table, {f"b{number}": BATCH for number in range(n_batches)}, now


@pytest.mark.parametrize("cores", [1, 2])
def test_a_run_five_times_as_large_is_predicted_from_the_smaller(cores):
    table, sizes, _ = made_up_run(4, cores)
    run = measured(table, sizes, cores)
    seen = made_up_run(20, cores)[2]
    assert predicted(run, 20 * BATCH, cores=cores).total == pytest.approx(seen, rel=1e-9)
    assert predicted(run, 4 * BATCH, cores=cores).total == pytest.approx(run.span, rel=1e-9)


def test_only_the_batches_gain_by_cores_and_no_more_than_there_are():
    table, sizes, _ = made_up_run(4)
    run = measured(table, sizes, 2)
    two, many, more = (predicted(run, 8 * BATCH, cores=cores) for cores in (2, 8, 64))
    assert two.whole == many.whole == more.whole == pytest.approx(3 * START + 8.0)
    assert many.batches == pytest.approx(two.batches / 4) and more.batches == many.batches
    cluster = predicted(run, 8 * BATCH, cores=4, nodes=2)
    assert cluster.batches == pytest.approx(many.batches + JOB_START_S * 2)


def test_trainings_do_not_grow_and_take_as_long_as_the_longest():
    table, sizes, _ = made_up_run(4, trainings=(100.0, 20.0, 20.0, 20.0))
    run = measured(table, sizes, 2)
    assert predicted(run, 4000, cores=2).trainings == predicted(run, 400_000, cores=2).trainings == 100
    assert predicted(run, 4000, cores=1).trainings == 160
    assert predicted(run, 4000, cores=1, gpus=1, gpu_speed=4.0).trainings == 40
    assert predicted(run, 4000, cores=1, gpus=9, gpu_speed=4.0).trainings == 25


def test_a_run_that_was_interrupted_is_not_charged_for_the_pause():
    table, sizes, _ = made_up_run(4)
    whole = measured(table, sizes, 2).span
    table.loc[table["rule"].isin(["rv_apply", "quality"]), "ended"] += 3600
    assert measured(table, sizes, 2).span == pytest.approx(whole)


def test_files_that_were_copied_have_times_that_do_not_fit():
    table, sizes, _ = made_up_run(4)
    run = measured(table.assign(ended=100.0), sizes, 2)
    assert not run.is_timed and measured(table, sizes, 2).is_timed
    assert predicted(run, 4000, cores=2).whole == pytest.approx(run.whole["seconds"].sum())


def test_the_command_names_what_does_not_scale(survey, capsys):
    (survey / "benchmarks/plan").mkdir(exist_ok=True)
    (survey / "benchmarks/plan/plan.tsv").write_text("s\tmax_rss\tcpu_time\n9\t100\t8\n")
    assert cli.main(["plan-cost", str(survey), "--spectra", "4000", "--cores", "4", "--nodes", "3"]) == 0
    said = capsys.readouterr().out
    assert "400 spectra in 2 batches" in said and "4,000 spectra on 3 nodes of 4 cores" in said
    assert "plan 9 s" in said and "trained nothing" in said
    assert cli.main(["plan-cost", str(survey), "--cores", "0"]) == 1
    assert "1 and more" in capsys.readouterr().err


def test_nothing_measured_is_said():
    with pytest.raises(InputError, match="no measured run"):
        measured(pd.DataFrame(columns=["rule", "job", "seconds", "ended"]).astype({"rule": str, "job": str}), {}, 2)


def test_the_rules_told_apart_are_rules_of_the_workflow():
    text = "".join(path.read_text() for path in sorted((ROOT / "workflow" / "rules").rglob("*.smk")))
    trained = set(re.findall(r"^use rule engine_train as (\w+) with", text, re.MULTILINE))
    rules = trained | set(re.findall(r"^\s*(?:rule|checkpoint) (\w+):", text, re.MULTILINE))
    assert trained | {"engine_train"} <= set(plan_cost.TRAINING) <= rules
    for start in (*plan_cost.OF_TRAINING, *plan_cost.MAKING):
        assert any(rule.startswith(start) for rule in rules), start
