"""Quality gates: what was just delivered (`source_checks`), and what is about to be published (`release_checks`).

A gate gathers facts with SQL and lets Great Expectations judge them (`validation`). Keys, relations and rules inside the build
are dbt tests, not repeated here; what a delivery must look like to be let in is intake's.
"""
