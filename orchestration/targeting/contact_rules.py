"""The figures that lists go by: seed contact_rules, as the published version was built with it."""

from orchestration.base.errors import ListError
from orchestration.engines.tables import Tables


class Rules(dict[str, float]):
    """The figures of seed contact_rules by rule. Asking for one that the seed lacks raises ListError."""

    def __missing__(self, rule: str) -> float:
        raise ListError(f"seed contact_rules lacks the rule {rule!r}; add it, build and publish again")


def read_rules(tables: Tables) -> Rules:
    """The rules that the published version was built with."""
    return Rules((rule, float(value)) for rule, value in tables.rows(f"select rule, value from {tables.relations.contact_rules}"))
