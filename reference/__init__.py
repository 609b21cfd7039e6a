"""Pages of the documentation site that are made, not written: tables, columns, commands. `python -m reference` builds it."""
