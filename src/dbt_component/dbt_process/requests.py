"""Requests to the child process: frozen values, each sent as one line of JSON.

The child reads them as plain dictionaries, since it can import neither this package nor msgspec.
"""

import msgspec

from dbt_component.selection.criteria import SelectionCriteria


class Cut(msgspec.Struct, frozen=True):
    """Reduces a complete manifest to the unique ids in ``keep``; ``rewired`` replaces dependencies."""

    keep: list[str]
    rewired: dict[str, list[str]]


class NodeNames(msgspec.Struct, frozen=True):
    """The selection in terms of dbt's command line, for a dbt that can only be driven through it.

    ``names`` maps unique ids to fully qualified names. ``are_most`` is whether they are more than half
    of the project's runnable nodes. ``list_argv`` are the options with which `dbt ls` reads the project
    in the same way.
    """

    names: dict[str, tuple[str, ...]]
    are_most: bool
    list_argv: list[str]


class Invoke(msgspec.Struct, frozen=True, tag_field="action", tag="invoke"):
    """Runs one dbt command.

    Args:
        argv: The command and its arguments, without the selection if ``selected`` is given.
        command_names: The names of the command, by which its own log is told from that of other commands.
        selected: The exact unique ids to run; ``None`` leaves the choice to ``argv``.
        manifest: Path of a msgpack manifest to run from; ``None`` lets dbt parse the project.
        cut: Reduces that manifest, keeping its ``graph`` complete.
        metadata: Kinds of metadata to fetch for each relation that was built.
        names: The selection for a dbt that is driven through its command line; ``None`` as in ``selected``.
        severities: ``warn`` or ``error`` by the unique ids of data tests that get another severity.
        passing_on: Tests after whose failure `dbt build` goes on with what is downstream.
        priorities: By unique id; of nodes that are ready, dbt starts those of the greatest priority first. Empty for
            dbt's own order.
        with_raw_events: Whether the child also sends dbt's own events, as ``RawEvent``.
    """

    argv: list[str]
    command_names: list[str] = []
    selected: list[str] | None = None
    manifest: str | None = None
    cut: Cut | None = None
    metadata: list[str] = []
    names: NodeNames | None = None
    with_raw_events: bool = False
    severities: dict[str, str] = {}
    passing_on: list[str] = []
    priorities: dict[str, float] = {}


class WantedSelection(msgspec.Struct, frozen=True):
    """A selection to resolve; its result is stored under ``key``."""

    key: str
    select: str
    exclude: str
    selector: str

    @classmethod
    def of(cls, criteria: SelectionCriteria) -> "WantedSelection":
        return cls(criteria.cache_key, criteria.select, criteria.exclude, criteria.selector)


class Probe(msgspec.Struct, frozen=True):
    """Variables to parse with another value, to find out whether parsing depends on them.

    ``argv`` is the parse command without ``--vars``; ``vars`` are the project's current variables.
    """

    names: list[str]
    vars: dict[str, object]
    argv: list[str]
    target_path: str


class Prepare(msgspec.Struct, frozen=True, tag_field="action", tag="prepare"):
    """Runs ``commands`` (`dbt deps` if needed, then `dbt parse`), then resolves ``selections``.

    ``output`` is the file that receives the results, ``parse_cache`` dbt's parse cache. With ``stays_open``, the
    process then serves ``Describe`` and ``Render`` requests on the same manifest until ``Finish``.
    """

    commands: list[list[str]]
    parse_cache: str
    selections: list[WantedSelection]
    output: str
    list_argv: list[str]
    probe: Probe | None = None
    stays_open: bool = False


class Describe(msgspec.Struct, frozen=True, tag_field="action", tag="describe"):
    """Asks the database for the columns of relations: ``{unique id: [column]}``, without those it does not have.

    ``output`` is the file that receives the answer.
    """

    unique_ids: list[str]
    output: str


class Render(msgspec.Struct, frozen=True, tag_field="action", tag="render"):
    """Renders the SQL of models and snapshots as if nothing were built, without asking the database.

    ``output`` is the file that receives ``{unique id: {"sql": …} or {"error": …}}``.
    """

    unique_ids: list[str]
    output: str


class Finish(msgspec.Struct, frozen=True, tag_field="action", tag="finish"):
    """Ends a process that stays open."""


class Select(msgspec.Struct, frozen=True, tag_field="action", tag="select"):
    """Resolves ``selections``.

    Args:
        selections: The selections to resolve.
        output: Path of the file that receives the results.
        manifest: Path of a msgpack manifest of the project in the working folder; ``None`` lets dbt parse it.
        list_argv: Options with which dbt reads that project in the same way.
        manifest_json: Path of a manifest.json to use instead, without project, profile or adapter. YAML
            selectors are then errors.
    """

    selections: list[WantedSelection]
    output: str
    manifest: str | None = None
    list_argv: list[str] = []
    manifest_json: str | None = None


class Connect(msgspec.Struct, frozen=True, tag_field="action", tag="connect"):
    """Resolves the profile of a project; ``argv`` are the options with which dbt reads it."""

    argv: list[str]


class Query(msgspec.Struct, frozen=True, tag_field="action", tag="query"):
    """Selects from a relation through dbt's adapter, and writes the rows to a file.

    Args:
        argv: The options with which dbt reads the project.
        relation: The relation as SQL.
        columns: Names of columns; empty for all of them.
        where: A condition as SQL; empty for all rows.
        output: Path of the file that receives the rows.
    """

    argv: list[str]
    relation: str
    columns: list[str]
    where: str
    output: str


Request = Invoke | Prepare | Select | Connect | Query | Describe | Render | Finish


def encode_request(request: Request, *, env: dict[str, str], cwd: str) -> bytes:
    """Encodes the line that the child reads.

    Args:
        request: What to do.
        env: Environment variables to set on top of the inherited ones.
        cwd: Folder to run in.
    """
    fields = msgspec.to_builtins(request)
    return msgspec.json.encode({**fields, "env": env, "cwd": cwd}) + b"\n"
