"""Words of a command line to the command that they ask for."""

import contextlib
import inspect
import io
from typing import Annotated, Any, Protocol

import tyro
from tyro.constructors import MISSING_NONPROP, ConstructorRegistry

from gemcore.cli.encode_command import EncodeCommand
from gemcore.cli.help_text import documented, wrap_page
from gemcore.cli.pairs_command import PairsCommand
from gemcore.cli.search_command import SearchCommand
from gemcore.cli.show_command import ShowCommand
from gemcore.cli.status_command import StatusCommand
from gemcore.cli.terminal import say
from gemcore.cli.version_command import VersionCommand

DESCRIPTION = """Neural architecture search by graph embedding (NASGEM).

Each command has a page of its own: gemcore COMMAND --help.

Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
HELP = ("-h", "--help")


class Command(Protocol):
    """What a subcommand is."""

    @property
    def kept(self) -> str:
        """What is told after Ctrl-C, behind the word "Interrupted"."""

    def run(self) -> str:
        """Does it, and returns what is printed in the end."""


COMMANDS: dict[str, type[Any]] = {
    "search": SearchCommand,
    "pairs": PairsCommand,
    "encode": EncodeCommand,
    "show": ShowCommand,
    "status": StatusCommand,
    "version": VersionCommand,
}


def parse(words: list[str]) -> Command:
    """The command that the words ask for.

    Raises:
        SystemExit: With 2 if they are wrong, with 0 if they asked for help, which is then printed.
    """
    given, named = words, words[0] if words else ""
    if any(word in HELP for word in words):
        # Alone: behind other words, tyro leaves out what these have set.
        words = [named, "--help"] if named in COMMANDS else ["--help"]
    commands = (
        Annotated[SearchCommand, _conf("search", named, SearchCommand.suited(given))]
        | Annotated[PairsCommand, _conf("pairs", named)]
        | Annotated[EncodeCommand, _conf("encode", named)]
        | Annotated[ShowCommand, _conf("show", named)]
        | Annotated[StatusCommand, _conf("status", named)]
        | Annotated[VersionCommand, _conf("version", named)]
    )
    registry = ConstructorRegistry()
    registry.struct_rule(documented)
    shown = io.StringIO()
    try:
        with contextlib.redirect_stdout(shown):
            command: Command = tyro.cli(
                commands, prog="gemcore", description=DESCRIPTION, args=words, registry=registry
            )
    finally:
        if shown.getvalue():
            say(wrap_page(shown.getvalue()))
    return command


def _conf(name: str, named: str, default: Any = MISSING_NONPROP) -> object:
    """A subcommand with its docstring: all of it on its own page, the first paragraph elsewhere."""
    text = inspect.getdoc(COMMANDS[name]) or ""
    description = text if name == named else text.partition("\n\n")[0]
    return tyro.conf.subcommand(name, description=description, default=default)
