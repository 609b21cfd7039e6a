"""Messages: English texts that know their code and facts; everything that takes a text takes them."""

import json

import pytest

from orchestration.base.words import JOINED, Message, did_you_mean, words_of


def test_a_message_is_its_english_and_knows_its_facts():
    words = Message.of("too_many", "{n:,} of {name} are too many", n=1200, name="{x}")
    assert words == "1,200 of {x} are too many" and json.dumps([words]) == '["1,200 of {x} are too many"]'
    assert (words.code, dict(words.facts)) == ("too_many", {"n": 1200, "name": "{x}"})


def test_messages_are_joined_and_stay_messages():
    first, second = Message.of("a", "one"), Message.of("b", "two")
    words = Message.joined([first, second], "; ")
    assert words == "one; two" and words.code == JOINED
    assert [part.code for part in words.facts["parts"]] == ["a", "b"]


def test_an_error_keeps_the_message_that_it_was_raised_with():
    assert words_of(ValueError(Message.of("a", "one"))).code == "a"
    for error, said in (
        (ValueError("plain"), "plain"),
        (ValueError(), ""),
        (KeyError("k"), "'k'"),
        (OSError(2, "x"), "[Errno 2] x"),
    ):
        assert words_of(error) == said and not isinstance(words_of(error), Message)


@pytest.mark.parametrize(("word", "end"), [("gold", "; did you mean Gold?"), ("nothing like it", "")])
def test_the_nearest_word_is_offered(word, end):
    assert did_you_mean(word, ["Gold", "Mass"]) == end
