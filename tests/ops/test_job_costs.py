"""What each rule cost."""

from mstars.ops.job_costs import by_rule, read_benchmarks


def test_rules_and_their_cost(survey):
    table = by_rule(read_benchmarks(survey)).set_index("rule")
    assert list(table.index) == ["ingest_batch", "predict_one"]
    assert table.loc["ingest_batch", ["jobs", "seconds", "longest", "memory_mb"]].tolist() == [2, 6, 4, 300]
