"""Stand-in for dbt's adapter: dispatched macros render to their name."""


def dispatch(name, package):
    return lambda *arguments: f"{name}({', '.join(', '.join(a) if isinstance(a, list) else str(a) for a in arguments)})"


def get_relation(database, schema, identifier):
    return f"{schema}.{identifier}"
