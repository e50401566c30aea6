"""The queue of velocities."""

import numpy as np
from made_velocities import remeasured, survey

from mstars.core.velocities import RV_FROM
from mstars.velocity.decide.apply import apply_decisions, table7
from mstars.velocity.decide.bands import select
from mstars.velocity.decide.queue import rv_queue


def test_candidates_and_apply():
    catalog, measured, truth, off = survey()
    selection, _ = select(catalog, measured)
    queue = rv_queue(selection, remeasured(selection), catalog)
    assert queue.spectrum_key.is_unique and set(queue.consensus_label) <= set(RV_FROM)
    assert queue.priority.between(0, 1).all()
    decisions = queue[["spectrum_key"]].assign(label=queue.consensus_label, review_status="provisional")
    result = apply_decisions(catalog, queue, decisions)
    assert list(result.spectrum_key) == list(catalog.spectrum_key)
    assert np.median(np.abs(result.rv_paper[off] - truth[off])) < 5
    assert (np.abs(result.rv_paper - truth) < 40).mean() > 0.99
    kept = ~result.spectrum_key.isin(queue.spectrum_key)
    assert (result.rv_paper_from[kept] == "LAMOST").all() and (result.rv_paper[kept] == catalog.lamost_rv[kept]).all()
    assert sum(table7(result, queue).values()) == len(queue)
