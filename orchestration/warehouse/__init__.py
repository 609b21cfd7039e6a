"""The private build database and the public versions made from it: dbt, the build's as-of date, candidates, publishing.

SQL rules belong to the dbt models; what may be published is judged in `orchestration.quality`.
"""
