"""Progress and the time left."""

from mstars.ops import cli
from mstars.ops.job_costs import read_benchmarks
from mstars.ops.progress import clock, stages


def test_progress_and_time_left(survey):
    benchmarks = read_benchmarks(survey).assign(ended=[10.0, 14.0, 20.0])
    table = stages(benchmarks, {"a": 100, "b": 300}).set_index("stage")
    assert table.loc["ingest_batch", ["done", "spectra", "rate", "left"]].tolist() == [2, 400, 400 / 6, 0]
    assert table.loc["predict_one dmgm", ["done", "spectra", "rate", "left"]].tolist() == [1, 100, 100, 3]
    assert [clock(value) for value in (5, 600, 7200)] == ["5 s", "10 min", "2.0 h"]


def test_summary_names_reasons_and_rules(survey, capsys):
    assert cli.main(["summary", str(survey)]) == 0
    said = capsys.readouterr().out
    page = (survey / "run_summary.html").read_text()
    for text in (said, page):
        assert "empty file" in text and "ingest_batch" in text and "M catalogue (v0)" in text
        assert "2 spectra in the M catalogue, 3 jobs, 7 s of processor time, 300 MB in the largest job" in text
    assert cli.main(["progress", str(survey)]) == 0
    assert "2 batches, 400 spectra" in capsys.readouterr().out


def test_no_results_is_one_line(tmp_path, capsys):
    assert cli.main(["summary", str(tmp_path)]) == 1
    assert "no results of a survey" in capsys.readouterr().err
