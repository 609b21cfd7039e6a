"""A night as Dagster runs it: steps, checks, schedule, sensor, and the run that they share.

What a step does stands in the packages below; how a run is told on the terminal, in `orchestration.cli`.
"""
