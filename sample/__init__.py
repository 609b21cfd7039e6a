"""A synthetic operator of any size: believable deliveries of all tables of the raw contract, with known truths.

settings.py holds what it is like, tenure.py turns published churn into a base and its flows, population.py draws the lines,
lifelines.py their lives, block.py cuts them into units of work; traffic.py, money.py, circles.py, touchpoints.py, register.py and
statics.py make the tables, delivery.py writes them, operator.py leads; truth.py tells the hidden state, calibration.py holds the
deliveries against the published figures. Nothing here reads a warehouse or knows a model, tag or list.
"""

from sample.delivery import SampleError
from sample.operator import make_operator

__all__ = ["SampleError", "make_operator"]
