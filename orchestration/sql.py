"""Names and texts as they stand in DuckDB's SQL, harmless whatever they hold. What is asked belongs to whoever asks."""


def identifier(name: str) -> str:
    """The name of a column, table, schema or database, in quotes."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text, or what reads as one (a path), in quotes."""
    return "'" + str(text).replace("'", "''") + "'"
