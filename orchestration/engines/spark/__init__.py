"""Spark as the engine of a build: asking its Thrift server, and publishing there.

SQL rules belong to the dbt models, what differs between engines to `macros/`; the order of a run to `orchestration.pipeline`.
"""
