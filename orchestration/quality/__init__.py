"""Quality gates: what was just delivered (`door`), and what is about to be published (`gate`).

A gate gathers facts with SQL and lets Great Expectations judge them (`judge`). Keys, relations and rules inside the build are
dbt tests, not repeated here; what a delivery must look like to be let in is intake's.
"""
