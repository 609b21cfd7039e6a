"""Source checks (`source_checks`: what was just delivered) and release checks (`release_checks`: what is about to be published).

Both gather facts with SQL and let Great Expectations validate them (`validation`). Keys, relations and rules inside the build
are dbt tests, not repeated here; what a delivery must look like to be accepted is intake's.
"""
