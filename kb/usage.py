"""Help and wrong usage in Polish: Typer's own words are English, and no setting changes them."""

from __future__ import annotations

import difflib
import shutil
import sys
import textwrap
from collections.abc import Mapping
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from kb import console
from kb.terminal.base import print_error

_WIDEST_HELP = 100


def _write_help(command: Any, context: Any, formatter: Any, *, commands: Mapping[str, Any] | None = None) -> None:
    """Help in Polish: Typer's own has English headings that no setting changes."""
    parameters = command.get_params(context)
    arguments = [each for each in parameters if each.param_type_name == "argument"]
    usage = [
        context.command_path,
        *(each.metavar for each in arguments),
        "POLECENIE" if commands else "",
        "[opcje]",
    ]
    formatter.write(f"Użycie: {' '.join(filter(None, usage))}\n\n{command.help}\n")
    sections = {
        "Polecenia": [(name, each.get_short_help_str(_WIDEST_HELP)) for name, each in (commands or {}).items()],
        "Argumenty": [(each.metavar, each.help or "") for each in arguments],
        "Opcje": [_described(each) for each in parameters if each not in arguments],
    }
    width = min(_WIDEST_HELP, shutil.get_terminal_size().columns)
    for title, rows in sections.items():
        if rows:
            formatter.write(f"\n{title}:\n")
        for name, said in rows:
            indent = " " * (2 + max(len(name) for name, _ in rows) + 2)
            lines = textwrap.wrap(said, max(width - len(indent), 20), break_long_words=False)
            formatter.write(f"  {name}".ljust(len(indent)) + f"\n{indent}".join(lines) + "\n")


def _described(option: Any) -> tuple[str, str]:
    """An option with what it takes, and its help."""
    if option.name == "help":
        return "--help", "Pokaż tę pomoc."
    value = "" if option.is_flag else f" {option.metavar or 'TEKST'}"
    default = f" Domyślnie {option.default}." if isinstance(option.default, int | str) and not option.is_flag else ""
    return f"{', '.join(option.opts)}{value}", f"{option.help or ''}{default}"


class Command(TyperCommand):
    """A command with its help in Polish."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _write_help(self, ctx, formatter)


class Commands(TyperGroup):
    """The commands; wrong usage is told in Polish."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        _write_help(self, ctx, formatter, commands=self.commands)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run a command and end with its exit code."""
        console.start_in_utf8()
        console.prepare()
        try:
            code = super().main(*args, **kwargs | {"standalone_mode": False})
        except Exception as error:
            if not hasattr(error, "format_message"):
                raise
            # Typer's errors: their classes are Click's or, in newer versions, those of a copy, so only their names are certain.
            misuse: Any = error
            if type(error).__name__ == "NoArgsIsHelpError":
                misuse.show()
            else:
                context = getattr(error, "ctx", None)
                print_error(_misuse(misuse), [f"Pomoc: {context.command_path} --help"] if context else [])
            code = 2
        sys.exit(code or 0)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the first argument names."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.commands, 1)
            hint = f"Czy chodzi o „{near[0]}”?" if near else f"Są: {', '.join(self.commands)}."
            print_error(f"Nie ma polecenia „{args[0]}”. {hint}")
            raise typer.Exit(2)
        return super().resolve_command(ctx, args)


def _misuse(error: Any) -> str:
    """What is wrong with the arguments, in Polish."""
    parameter = getattr(error, "param", None)
    option = next((name for name in getattr(parameter, "opts", ()) if name.startswith("-")), "")
    name = option or str(getattr(parameter, "metavar", ""))
    match type(error).__name__:
        case "NoSuchOption":
            near = f" Czy chodzi o {error.possibilities[0]}?" if error.possibilities else ""
            return f"Nie ma opcji {error.option_name}.{near}"
        case "MissingParameter":
            return f"Brakuje: {name}."
        case "BadOptionUsage":
            return f"Opcja {error.option_name} wymaga wartości."
        case "BadParameter":
            return f"Niewłaściwa wartość: {name}. Potrzebna jest liczba całkowita w dozwolonym zakresie."
    extra = error.format_message().partition(" (")[2]
    return f"Zbędne: {extra.removesuffix(')')}." if extra.endswith(")") else "Niewłaściwe użycie polecenia."
