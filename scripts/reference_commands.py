"""The command line for docs/reference.md, from its own help."""

from collections.abc import Iterator

import click

from dbt_component.cli import main

_PROGRAM = "dbt-component"


class CommandPart:
    """The part of the page about the command line, with a section for each command."""

    def __init__(self) -> None:
        self._commands = dict(_below(main, _PROGRAM))

    @property
    def names(self) -> list[str]:
        """The commands, sorted."""
        return list(self._commands)

    def lines(self) -> Iterator[str]:
        """All lines of the part."""
        options = [option for option in main.get_params(click.Context(main)) if option.name]
        names = " and ".join(f"`{option.opts[0]}`" for option in options)
        yield f"`{_PROGRAM}` itself has only {names}. An error exits with 1, a wrong use with 2."
        for name, command in self._commands.items():
            yield from _command_lines(name, command)


def _below(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from _below(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _command_lines(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield from ("", f"### `{name}`", "", "```sh", f"{name} {usage}", "```")
    for paragraph in (command.help or "").split("\n\n"):
        yield from ("", " ".join(paragraph.split()))
    options = [p for p in command.params if isinstance(p, click.Option)]
    if options:
        yield ""
    for option in options:
        needed = " Required." if option.required else ""
        default = f" Default: {option.default}." if _is_worth_naming(option) else ""
        value = "" if option.is_flag else f" {option.make_metavar(context)}"
        yield f"- `{', '.join(option.opts)}{value}`: {option.help or ''}{needed}{default}"


def _is_worth_naming(option: click.Option) -> bool:
    is_plain = isinstance(option.default, (int, str)) and not option.is_flag
    return is_plain and "Default:" not in (option.help or "") and option.default != ""
