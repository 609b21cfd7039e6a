"""Spark as the engine of a build: asking its Thrift server, publishing there, and a small cluster of one's own to try it on.

SQL rules belong to the dbt models, what differs between engines to `macros/`; the order of a night to `orchestration.warehouse`.
"""
