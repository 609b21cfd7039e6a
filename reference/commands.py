"""A page of all commands, from the commands themselves: what help says, with arguments, options and who may use each."""

from collections.abc import Iterator
from typing import Any

import typer

from orchestration import cli
from orchestration.cli.permissions import NEEDS
from orchestration.cli.root import COMMANDS, Root, below


def page() -> str:
    """The page, in Markdown."""
    root = typer.main.get_command(cli.app)
    assert isinstance(root, Root)
    lines = [
        "# Commands",
        "",
        "All that `telco360` does, as `telco360 COMMAND --help` tells it. Every command takes `--home` and `--target` too. What "
        "exit codes mean: [operations](docs/operations.md#exit-codes); what each role may do: [roles](docs/roles.md).",
        "",
    ]
    for name in sorted(COMMANDS):
        for path, command in below(name, root.load(name)):
            lines += _command(path, command)
    return "\n".join(lines) + "\n"


def _command(path: str, command: Any) -> Iterator[str]:
    yield f"{'#' * (2 if ' ' not in path else 3)} telco360 {path}"
    yield ""
    yield " ".join((command.help or "").replace("\b", "").split())
    yield ""
    if hasattr(command, "commands"):
        return
    if path in NEEDS:
        yield f"Roles: {', '.join(sorted(NEEDS[path]))}."
        yield ""
    shown = [one for one in command.params if one.name not in ("home", "target") and not getattr(one, "hidden", False)]
    if shown:
        yield "| argument or option | meaning |"
        yield "|---|---|"
        for one in shown:
            yield f"| {_named(one)} | {_told(one)} |"
        yield ""


def _named(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"`{(parameter.metavar or parameter.name).upper()}`" + ("" if parameter.required else ", optional")
    return ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])


def _told(parameter: Any) -> str:
    text = " ".join((getattr(parameter, "help", "") or "").split())
    given = parameter.default
    if given not in (None, False, True, (), "", ...) and not callable(given):
        text += f" Default: `{given}`."
    return text.replace("|", "\\|")
