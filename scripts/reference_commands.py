"""The command line for docs/reference.md, from its own help."""

from collections.abc import Iterator

import click

from dbt_component.cli import main


def command_lines() -> Iterator[str]:
    """A section for each command of `dbt-component`, with its arguments and options."""
    yield "`dbt-component` has no options of its own except `--help` and `--version`. Errors exit with 1, a wrong use with 2."
    yield from _below(main, ["dbt-component"])


def _below(group: click.Group, path: list[str]) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        words = [*path, name]
        if isinstance(command, click.Group):
            yield from _below(command, words)
            continue
        context = click.Context(command, info_name=" ".join(words))
        usage = " ".join(command.collect_usage_pieces(context))
        yield from (
            "",
            f"### `{' '.join(words)}`",
            "",
            "```sh",
            f"{' '.join(words)} {usage}",
            "```",
        )
        for paragraph in (command.help or "").split("\n\n"):
            yield from ("", " ".join(paragraph.split()))
        options = [p for p in command.params if isinstance(p, click.Option)]
        if options:
            yield ""
        for option in options:
            needed = " Required." if option.required else ""
            value = "" if option.is_flag else f" {option.make_metavar(context)}"
            yield f"- `{option.opts[0]}{value}`: {option.help or ''}{needed}"
