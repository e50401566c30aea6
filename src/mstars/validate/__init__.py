"""How good is the catalogue: a simulated survey against its truth (docs/scorecard.md)."""

from mstars.validate.outcome import candidate_outcomes, input_outcomes
from mstars.validate.report import as_markdown, verdicts
from mstars.validate.scorecard import scorecard

__all__ = ["as_markdown", "candidate_outcomes", "input_outcomes", "scorecard", "verdicts"]
