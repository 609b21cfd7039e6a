"""Scripts of lists: fields are tags and what the offer says, and a script that cannot be filled in is refused."""

import pytest

from orchestration.catalog.tags import Catalog, Tag
from orchestration.targeting.script import ScriptError, check_script, given_pieces, pieces, tags_of

CATALOG = Catalog.of(
    Tag(name, "subscriber", "tags_basic", kind, data_type=data_type, status=status)
    for name, kind, data_type, status in (
        ("plan_name", "code", "varchar", "active"),
        ("arpu_3m", "number", "decimal(18,4)", "active"),
        ("tenure_months", "number", "integer", "active"),
        ("is_on_net", "flag", "boolean", "active"),
        ("old_tag", "code", "varchar", "withdrawn"),
    )
)


@pytest.mark.parametrize(
    ("script", "has_offer", "said"),
    [
        ("{plan_nam}", True, "unknown field {plan_nam}; did you mean plan_name?"),
        ("{qqqqq}", True, "unknown field {qqqqq}; fields are tags and what the offer says"),
        ("{old_tag}", True, "unknown field {old_tag}"),
        ("{offer_nam}", True, "unknown field {offer_nam}; did you mean offer_name?"),
        ("{offer_name}", False, "{offer_name} needs an offer, and the list has none"),
        ("{is_on_net}", True, "{is_on_net} is a flag: true or false, which nobody says"),
        ("{}", True, "a field is a name in braces, such as {offer_name}"),
        ("{arpu_3m:.2f}", True, "a field is a name in braces"),
        ("{plan_name!r}", True, "a field is a name in braces"),
        ("{plan_name.upper}", True, "unknown field {plan_name.upper}"),
        ("{plan_name[0]}", True, "unknown field {plan_name[0]}"),
        ("100 % {", True, "a brace has no partner"),
        ("} 100 %", True, "a brace has no partner"),
    ],
)
def test_a_script_that_cannot_be_filled_in_is_refused(script, has_offer, said):
    with pytest.raises(ScriptError) as error:
        check_script(script, CATALOG, has_offer)
    assert said in str(error.value)


def test_fields_are_tags_and_what_the_offer_says():
    script = "{{hello}} {plan_name}, {offer_name} for {offer_pay_amount}: {best_offer_name}{plan_name}{tenure_months}{arpu_3m}"
    check_script(script, CATALOG, has_offer=True)
    check_script("{best_offer_code} {plan_name}", CATALOG, has_offer=False)
    assert tags_of(script) == ("plan_name", "tenure_months", "arpu_3m") and tags_of(None) == ()
    found = given_pieces(" " + script + "\n", CATALOG.tags())
    assert "".join(str(piece.get("text", "")) for piece in found).startswith("{hello} ")
    assert [piece["is_whole"] for piece in found if "text" not in piece] == [True, True, False, True, True, True, False]
    assert next(piece for piece in found if "tag" in piece) == {"tag": "plan_name", "is_whole": True}
    assert given_pieces(None, {}) is None and list(pieces("no field")) == [("no field", None)]
