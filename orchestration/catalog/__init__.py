"""The tag catalogue as Python has it: one class of tags, read from the project's YAML or from a published version.

Tags themselves are made in models/marts/tags/ and catalogued by dbt. What a user asks of them is `orchestration.tags`'s,
conditions over them are `orchestration.targeting`'s.
"""
