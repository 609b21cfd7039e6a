"""Scores of lines: models that learn from months whose outcome is known and say how likely it is for the last month.

Pure functions on pandas frames (`model`, `metrics`, `baselines`, `reasons`), what is kept on disk (`store`, `ledger`), and one
thin step that reads the warehouse and writes scores (`run`). Features and outcomes are made in models/marts/scoring/; what a tag
says of a score, in models/marts/tags/.
"""

from orchestration.scoring.model import Model, fit, predict

__all__ = ["Model", "fit", "predict"]
