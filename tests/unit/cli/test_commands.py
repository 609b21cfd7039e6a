"""Help says of each command what the command says of itself, though it does not import it."""

import pytest
from typer.main import get_command

from orchestration.cli import app
from orchestration.cli.root import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_of_a_command_what_it_says_itself(name):
    command = get_command(app).load(name)
    assert command.help.split("\n\n")[0] == COMMANDS[name]
    assert {"--home", "--target"} <= {option for parameter in command.params for option in parameter.opts}
