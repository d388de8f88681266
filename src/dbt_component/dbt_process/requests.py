"""What the child process is asked to do: frozen values, sent as one line of JSON.

The child reads them as plain dictionaries, since it has neither this package nor msgspec.
"""

import msgspec

from dbt_component.selection.criteria import SelectionCriteria


class Cut(msgspec.Struct, frozen=True):
    """The part of a complete manifest to keep: ``keep`` by unique id, ``rewired`` dependencies."""

    keep: list[str]
    rewired: dict[str, list[str]]


class NodeNames(msgspec.Struct, frozen=True):
    """The selection in the terms of dbt's command line, for a dbt that can only be driven by it.

    ``names`` maps unique ids to fully qualified names; ``are_most`` says whether they are more than half of
    what the project can run; ``list_argv`` are the options that make `dbt ls` read the project in the same way.
    """

    names: dict[str, tuple[str, ...]]
    are_most: bool
    list_argv: list[str]


class Invoke(msgspec.Struct, frozen=True, tag_field="action", tag="invoke"):
    """Runs one dbt command.

    Args:
        argv: The command and its arguments, without the selection if ``selected`` is given.
        selected: The exact unique ids to run; ``None`` leaves the choice to ``argv``.
        manifest: Path of a msgpack manifest to run from; ``None`` lets dbt parse the project.
        cut: Reduces that manifest, keeping its ``graph`` complete.
        metadata: What to fetch of each relation that was built.
        names: For a dbt that is driven by its command line.
    """

    argv: list[str]
    selected: list[str] | None = None
    manifest: str | None = None
    cut: Cut | None = None
    metadata: list[str] = []
    names: NodeNames | None = None


class WantedSelection(msgspec.Struct, frozen=True):
    """A selection to resolve; the answer is stored under ``key``."""

    key: str
    select: str
    exclude: str
    selector: str

    @classmethod
    def of(cls, criteria: SelectionCriteria) -> "WantedSelection":
        return cls(criteria.cache_key, criteria.select, criteria.exclude, criteria.selector)


class Probe(msgspec.Struct, frozen=True):
    """Variables that are tried with another value, to see whether parsing depends on them.

    ``argv`` is the parse command without ``--vars``, ``vars`` are the project's own.
    """

    names: list[str]
    vars: dict[str, object]
    argv: list[str]
    target_path: str


class Prepare(msgspec.Struct, frozen=True, tag_field="action", tag="prepare"):
    """Runs ``commands`` (`dbt deps` if needed, then `dbt parse`), then resolves ``selections``.

    ``output`` is where the answers go, ``parse_cache`` where dbt leaves its parse cache.
    """

    commands: list[list[str]]
    parse_cache: str
    selections: list[WantedSelection]
    output: str
    list_argv: list[str]
    probe: Probe | None = None


class Select(msgspec.Struct, frozen=True, tag_field="action", tag="select"):
    """Resolves ``selections``.

    Args:
        selections: What to resolve.
        output: Where the answers go.
        manifest: Path of a msgpack manifest of the project in the working folder.
        list_argv: Options that make dbt read that project in the same way.
        manifest_json: Path of a manifest.json to use instead, without project, profile or adapter. YAML
            selectors are then errors.
    """

    selections: list[WantedSelection]
    output: str
    manifest: str | None = None
    list_argv: list[str] = []
    manifest_json: str | None = None


Request = Invoke | Prepare | Select


def encode_request(request: Request, *, env: dict[str, str], cwd: str) -> bytes:
    """The line that the child reads.

    Args:
        request: What to do.
        env: Environment variables to set on top of the inherited ones.
        cwd: Folder to run in.
    """
    fields = msgspec.to_builtins(request)
    return msgspec.json.encode({**fields, "env": env, "cwd": cwd}) + b"\n"
