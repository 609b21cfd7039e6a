"""The syntax of conditions: text -> tokens -> a tree that holds known nodes alone.

sqlglot splits and parses the text. Each token is checked against a short list before the parser sees it, and each node after;
whatever is not on the list is refused with its place. What tags and values mean to each other is said by expression.py.
"""

import re
import unicodedata
from collections.abc import Mapping
from itertools import zip_longest

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.parser import Parser
from sqlglot.tokens import Token, Tokenizer, TokenType

from orchestration.base.errors import Telco360Error
from orchestration.base.words import Message, did_you_mean
from orchestration.catalog.tags import Tag

MAX_LENGTH = 4_000  # characters
MAX_DEPTH = 25  # brackets, signs and nots inside one another, and steps of one calculation

EQUALITIES = (exp.EQ, exp.NEQ)
FUNCTIONS = ("was", "changed")
"""What may be called: was(tag, '2026-08') and changed(tag, 30)."""

TODAY = "today"
"""The run date of the list; a tag of that name goes before."""

COMPARISONS = (*EQUALITIES, exp.LT, exp.LTE, exp.GT, exp.GTE)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)

_CALLED = " and ".join(FUNCTIONS)
_WORDS = {"and", "or", "not", "in", "between", "is", "null", "true", "false", TODAY}
_SYMBOLS = {"=", "<>", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "(", ")", ","}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,10})?")
_PLAIN = {"‘": "'", "’": "'", "“": "'", "”": "'", "。": "."}  # what an input method types for these, beyond Unicode's own mapping
_PARTS = {  # the only nodes that pass, with the only parts that they may have
    **dict.fromkeys((exp.And, exp.Or, *COMPARISONS, *ARITHMETIC, exp.Is), {"this", "expression"}),
    **dict.fromkeys((exp.Not, exp.Paren, exp.Neg, exp.Column, exp.Identifier, exp.Boolean), {"this"}),
    exp.In: {"this", "expressions"},
    exp.Between: {"this", "low", "high"},
    exp.Literal: {"this", "is_string"},
    exp.Null: set(),
    exp.Anonymous: {"this", "expressions"},
}


class ExpressionError(Telco360Error, ValueError):
    """Text that is no condition over catalogued tags.

    `problem` says what is wrong, `position` is the index in `text` of the character at fault; str() gives both, with the line and
    a caret under the character.
    """

    def __init__(self, problem: str, text: str, position: int):
        self.problem, self.text, self.position = problem, text, max(0, min(position, len(text)))
        super().__init__(_with_pointer(problem, text, self.position))


def read(text: str, tags: Mapping[str, Tag]) -> exp.Expression:
    """The tree of the text; every column in it is one of `tags`. Raises ExpressionError for anything but the language."""
    tokens = _tokens(text, tags)
    try:
        (tree,) = Parser().parse_into(exp.Condition, tokens, text)
    except ParseError as error:
        problem = Message.of("cannot_be_read", "cannot be read from here: something is missing or out of place")
        raise ExpressionError(problem, text, _place(error, tokens)) from error
    _check_nodes(tree, text)
    return tree


def _tokens(text: str, tags: Mapping[str, Tag]) -> list[Token]:
    """The words and signs of the text, each one allowed and none too deep, so that the parser meets nothing else."""
    if len(text) > MAX_LENGTH:
        english = "the condition has {length} characters; {most} are allowed"
        raise ExpressionError(Message.of("too_long", english, length=len(text), most=MAX_LENGTH), text, MAX_LENGTH)
    for position, char in enumerate(text):
        if unicodedata.category(char).startswith("C") and char not in "\n\r\t":
            english = "character U+{code:04X} cannot be seen; delete it"
            raise ExpressionError(Message.of("unseen_character", english, code=ord(char)), text, position)
    try:
        tokens = Tokenizer().tokenize(text)
    except TokenError as error:
        problem = Message.of("quote_not_closed", "a quote or comment is never closed")
        raise ExpressionError(problem, text, max(text.rfind(q) for q in ("'", '"', "/*"))) from error
    if not tokens and not text.strip():
        problem = Message.of("condition_empty", "the condition is empty; name a tag, such as is_on_net")
        raise ExpressionError(problem, text, 0)
    end = 0
    for token, following in zip_longest(tokens, tokens[1:]):
        _check_gap(text, end, token.start)
        _check_token(text, token, following, tags)
        end = token.end + 1
    _check_gap(text, end, len(text))
    _check_depth(text, tokens)
    return [_as_name(token) if token.text.lower() in tags and token.token_type != TokenType.STRING else token for token in tokens]


def _check_gap(text: str, start: int, end: int) -> None:
    """Between two tokens stands white space and nothing that the tokenizer skipped, such as a comment."""
    gap = text[start:end]
    if gap.strip():
        problem = Message.of("no_comments", "comments are not allowed in a condition")
        raise ExpressionError(problem, text, start + len(gap) - len(gap.lstrip()))


def _check_token(text: str, token: Token, following: Token | None, tags: Mapping[str, Tag]) -> None:
    source, start = text[token.start : token.end + 1], token.start

    def wrong(code: str, english: str, at: int = start, **facts: object) -> ExpressionError:
        return ExpressionError(Message.of(code, english, **facts), text, at)

    if token.token_type == TokenType.STRING and source.startswith("'"):
        if "\n" in source or "\r" in source:
            raise wrong("text_over_lines", "a text runs over the end of a line; is a quote missing?")
    elif token.token_type == TokenType.NUMBER:
        if not _NUMBER.fullmatch(source):
            english = "'{given}' is no number; write up to 15 digits and 10 decimals, such as 80 or 79.5"
            raise wrong("no_number", english, given=source)
    elif _NAME.fullmatch(source):
        is_called = following is not None and following.token_type == TokenType.L_PAREN
        if source.lower() in _WORDS or source.lower() in tags or (is_called and source.lower() in FUNCTIONS):
            return
        if is_called:
            hint = did_you_mean(source, FUNCTIONS) or did_you_mean(source, tags)
            english = "there are no functions but {known}, and no tag {tag}{hint}"
            raise wrong("no_function_or_tag", english, known=_CALLED, tag=source, hint=hint)
        if token.token_type != TokenType.VAR and not did_you_mean(source, tags):
            raise wrong("no_word", "'{given}' is not part of the language", given=source)
        raise wrong("unknown_tag", "unknown tag {tag}{hint}", tag=source, hint=did_you_mean(source, tags))
    elif source.startswith('"'):
        english = "double quotes are not used; text stands in single quotes, such as '{text}'"
        raise wrong("double_quotes", english, text=source.strip('"'))
    elif source not in _SYMBOLS:
        if named := next((tag.name for tag in tags.values() if tag.label_zh == source), None):
            raise wrong("label_of_tag", "{given} is the label of a tag; write {tag}", given=source, tag=named)
        offset, char = next(((i, c) for i, c in enumerate(source) if not _NAME.fullmatch(c) and not c.isdigit()), (0, source[0]))
        plain = _PLAIN.get(char) or unicodedata.normalize("NFKC", char)
        if plain != char and plain.isascii():
            raise wrong(
                "write_plain", "{given} is not part of the language; write {plain}", start + offset, given=char, plain=plain
            )
        raise wrong("no_sign", "{given} is not part of the language", start + offset, given=source)


def _check_depth(text: str, tokens: list[Token]) -> None:
    """Brackets pair up; brackets and prefixes (not, -, +) are nested no deeper than a recursive parser can take."""
    opened: list[tuple[int, int]] = []  # position of the bracket, level outside it
    level = base = 0
    for token in tokens:
        if token.token_type in (TokenType.NOT, TokenType.DASH, TokenType.PLUS):
            level += 1
        elif token.token_type == TokenType.L_PAREN:
            opened.append((token.start, base))
            level = base = level + 1
        elif token.token_type == TokenType.R_PAREN:
            if not opened:
                raise ExpressionError(Message.of("closes_nothing", "this bracket closes nothing"), text, token.start)
            level = base = opened.pop()[1]
        else:
            level = base
        if level > MAX_DEPTH:
            raise ExpressionError(Message.of("too_deep", "nested deeper than {most} levels", most=MAX_DEPTH), text, token.start)
    if opened:
        raise ExpressionError(Message.of("never_closed", "this bracket is never closed"), text, opened[-1][0])


def _as_name(token: Token) -> Token:
    """A tag may be called like a keyword (date, rank): as a plain name it is nothing else to the parser."""
    return Token(TokenType.VAR, token.text, token.line, token.col, token.start, token.end)


def _place(error: ParseError, tokens: list[Token]) -> int:
    """Where sqlglot stopped; the beginning where it does not say."""
    where = error.errors[0] if error.errors else {}
    return next((t.start for t in tokens if (t.line, t.col) == (where.get("line"), where.get("col"))), 0)


def _check_nodes(tree: exp.Expression, text: str) -> None:
    """Only known nodes with known parts, and no long way down: a chain of one connector counts as one step."""
    stack = [(tree, 0)]
    while stack:
        node, depth = stack.pop()
        parts = {name for name, part in node.args.items() if part}
        if depth > MAX_DEPTH:
            problem = Message.of("too_many_steps", "more than {most} steps inside one another", most=MAX_DEPTH)
            raise ExpressionError(problem, text, position(node))
        if type(node) not in _PARTS or not parts <= _PARTS[type(node)]:
            raise ExpressionError(_refusal(node), text, position(node))
        for child in node.iter_expressions():
            is_chain = isinstance(node, exp.Connector) and type(child) is type(node)
            stack.append((child, depth if is_chain else depth + 1))


def _refusal(node: exp.Expression) -> Message:
    if isinstance(node, exp.In):
        return Message.of("in_takes_values", "in takes values in brackets, such as in ('diamond', 'gold')")
    if isinstance(node, exp.Concat):
        return Message.of("two_texts", "two texts stand side by side; is a comma missing?")
    if isinstance(node, exp.Tuple):
        return Message.of("only_after_in", "a list in brackets stands only after in")
    return Message.of("no_part", "this is not part of the language")


def written(node: exp.Expression) -> str:
    """The part as a user may have written it: key words in small letters."""
    pieces = node.sql().split("'")
    pieces[::2] = [
        re.sub(r"\b(AND|OR|NOT|BETWEEN|IN|IS|NULL|TRUE|FALSE)\b", lambda word: word[0].lower(), p) for p in pieces[::2]
    ]
    return "'".join(pieces)


def position(node: exp.Expression) -> int:
    """The first character of the node, as far as its names and literals tell."""
    return min((n.meta["start"] for n in node.walk() if "start" in n.meta), default=0)


def _with_pointer(problem: str, text: str, position: int) -> Message:
    """'character n: <problem>' with the line and a caret under the character; a long line is cut around it."""
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0].rstrip("\r")
    column = position - start
    cut = max(0, column - 60)
    where = Message.of("character", "character {column}", column=column + 1)
    if "\n" in text.strip():
        number = text.count("\n", 0, position) + 1
        where = Message.of("line_character", "line {number}, character {column}", number=number, column=column + 1)
    # Chinese characters are two columns wide on a terminal; a tab stays a tab.
    blank = "".join(c if c == "\t" else "  " if unicodedata.east_asian_width(c) in "WF" else " " for c in line[cut:column])
    near = f"\n  {line[cut : column + 60]}\n  {blank}^"
    return Message.of("at_place", "{where}: {problem}{near}", where=where, problem=problem, near=near)
