"""The nightly job in Dagster: its steps and checks, one partition a business date, what starts it, what its steps report.

What a step does is in the packages below; how a run is told on the terminal, in `orchestration.cli`.
"""
