"""What belongs to a class from a user's view: its members, those of its internal bases, and its public bases."""

from collections.abc import Iterator, Set
from dataclasses import dataclass

import griffe

_KEYWORD_ONLY: griffe.ParameterKind = griffe.ParameterKind.keyword_only  # type: ignore[assignment]
_OF_PYTHON = {"ABC", "Generic", "Protocol"}
_OF_A_SOURCE = {
    "commit_links",
    "find_folder",
    "link_template",
    "of",
    "open",
    "opened",
    "origin",
    "refresh",
    "remote_commit",
    "repository",
    "resolve_from_model",
    "settings",
    "state_name",
}
_OF_A_COMPONENT = {
    "further_selections",
    "may_have_other_options",
    "metadata_kinds",
    "bind_to_file",
    "bind_to_project",
    "build_defs",
    "build_defs_from_state",
    "check_templates",
    "complete_and_check",
    "criteria",
    "defs_state_config",
    "load",
    "loaded",
    "model",
    "name_selection",
    "open_stored",
    "project_source",
    "remember_inputs",
    "spec_rules",
    "state_refresh",
    "write_state_to_path",
}
# Called by other modules of this package only; or by Dagster or pydantic, which describe them.
_NOT_FOR_USERS = {
    "DagsterDbtComponentTranslatorSettings": {"model"},
    "DbtCliInvocation": {
        "expected",
        "fetch_also",
        "has_begun",
        "has_nothing_to_run",
        "has_only_failed_nodes",
        "reported",
        "start",
        "stop",
        "wait_in_background",
    },
    "DbtCliResource": {"model_config"},
    "DbtIOManager": {"model_config"},
    "DbtProjectArgs": _OF_A_SOURCE,
    "RemoteGitDbtProjectManager": _OF_A_SOURCE,
    "DbtProject": {"absolute_dir", "run_dir", "vars_digest", "yml"},
    "DbtCloudCliInvocation": {
        "adapter_type",
        "client",
        "expected",
        "fetch_also",
        "has_begun",
        "has_nothing_to_run",
        "missing",
        "reported",
        "runs_step",
    },
    "DbtCloudComponent": _OF_A_COMPONENT | {"platform"},
    "DbtCloudWorkspace": {
        "adhoc_jobs",
        "client",
        "for_step",
        "place",
        "prepared",
        "source",
        "specs_of",
    },
    "DbtProjectComponent": _OF_A_COMPONENT,
    "DagsterDbtError": {"args", "default_key", "place"},
    "DagsterDbtProfilesDirectoryNotFoundError": {"default_key"},
    "DagsterDbtProjectNotFoundError": {"default_key"},
    "DagsterDbtProjectYmlFileNotFoundError": {"default_key"},
}


@dataclass(frozen=True)
class Members:
    """Public members by name, in the order of the code.

    Args:
        attributes: Properties and other attributes that are not arguments of the constructor.
        methods: Methods. One that overrides a method of Dagster or of a public class is not repeated.
    """

    attributes: dict[str, griffe.Attribute]
    methods: dict[str, griffe.Function]


def members_of(
    found: griffe.Class, public: Set[str], *, described: Set[str] = frozenset()
) -> Members:
    """The members of a class and of its bases up to the next public ones.

    Args:
        found: The class.
        public: Names of the classes that the page describes.
        described: Attributes that are described as arguments.

    Raises:
        ValueError: A member has no docstring.
    """
    hidden = described | _NOT_FOR_USERS.get(found.name, set())
    members = Members({}, {})
    for owner in (found, *_internal_bases(found, public)):
        for name, member in owner.members.items():
            if name.startswith("_") or name in hidden or isinstance(member, griffe.Alias):
                continue
            hidden |= {name}
            if isinstance(member, griffe.Function) and _is_override(member):
                continue
            if member.docstring is None:
                raise ValueError(f"{member.path} is public and has no docstring.")
            if isinstance(member, griffe.Function):
                members.methods[name] = member
            elif isinstance(member, griffe.Attribute):
                members.attributes[name] = member
    return members


def constructor_of(found: griffe.Class) -> list[griffe.Parameter]:
    """The arguments of the constructor; of a pydantic class without one, its fields."""
    declared = [*found.parameters]
    if declared or not any(
        str(base).rpartition(".")[2].startswith("Configurable") for base in found.bases
    ):
        return declared
    return [
        griffe.Parameter(
            name,
            annotation=member.annotation,
            kind=_KEYWORD_ONLY,
            default=_field_default(member.value),
        )
        for name, member in found.members.items()
        if isinstance(member, griffe.Attribute)
        and member.annotation is not None
        and not name.startswith("_")
    ]


def public_bases(found: griffe.Class, public: Set[str]) -> Iterator[str]:
    """The names of the nearest bases that a user can know: public ones, and those of other packages."""
    own = {base.name: base for base in found.resolved_bases}
    for text in (str(base).partition("[")[0] for base in found.bases):
        name = text.rpartition(".")[2]
        base = own.get(name)
        if isinstance(base, griffe.Class) and name not in public:
            yield from public_bases(base, public)
        elif name not in _OF_PYTHON:
            yield text


def _internal_bases(found: griffe.Class, public: Set[str]) -> Iterator[griffe.Class]:
    for base in found.resolved_bases:
        if isinstance(base, griffe.Class) and base.name not in public:
            yield base
            yield from _internal_bases(base, public)


def _is_override(method: griffe.Function) -> bool:
    return any(str(decorator.value) == "override" for decorator in method.decorators)


def _field_default(value: str | griffe.Expr | None) -> str | griffe.Expr | None:
    if isinstance(value, griffe.ExprCall) and str(value.function) == "Field":
        return next(
            (
                a.value
                for a in value.arguments
                if isinstance(a, griffe.ExprKeyword) and a.name == "default"
            ),
            None,
        )
    return value
