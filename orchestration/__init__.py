"""telco360's Python: intake, dbt orchestration, quality gates, publishing and target lists.

No SQL rule and no model name lives here; rules are dbt models, and what Python must know of a model stands in its `meta`.
"""
