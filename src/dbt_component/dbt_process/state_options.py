"""dbt's options about another project's manifest: the one to compare with, and the one to defer to."""

from collections.abc import Mapping

import msgspec

from dbt_component.dbt_process.variables import find_variable

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
# dbt lets the older name win.
_STATE_VARIABLES = ("DBT_ARTIFACT_STATE_PATH", "DBT_STATE")


class StateOptions(msgspec.Struct, frozen=True):
    """The options of one command line; ``None`` for one that it does not have.

    Args:
        state: The folder to compare with, and to defer to if ``defer_state`` names no other.
        defer_state: The folder to defer to.
        defer: Whether ``ref`` leads to that folder's relations where the own ones do not exist.
        favor_state: Whether it does so for all nodes that are not selected, even if the own relations exist.
    """

    state: str | None = None
    defer_state: str | None = None
    defer: bool | None = None
    favor_state: bool | None = None

    def with_environment(self, environ: Mapping[str, str]) -> "StateOptions":
        """The options that dbt acts on: those it lacks are taken from the environment."""
        defer, favor_state = self.defer, self.favor_state
        return StateOptions(
            state=self.state or state_in(environ),
            defer_state=self.defer_state or _value("DBT_DEFER_STATE", environ),
            defer=_switch("DBT_DEFER", environ) if defer is None else defer,
            favor_state=_switch("DBT_FAVOR_STATE", environ) if favor_state is None else favor_state,
        )

    def missing_for(self, folder: str, *, favor_state: bool) -> list[str]:
        """The arguments that let this command line defer to a folder; what it says itself wins.

        Args:
            folder: The folder of manifest.json.
            favor_state: Whether to favor its relations.
        """
        if self.defer is False:
            return []
        names_a_folder = self.defer_state is not None or (self.defer and self.state is not None)
        return [
            *([] if self.defer else ["--defer"]),
            *([] if names_a_folder else ["--defer-state", folder]),
            *(["--favor-state"] if favor_state and self.favor_state is None else []),
        ]


def state_in(environ: Mapping[str, str]) -> str | None:
    """The folder to compare with that dbt takes from the environment."""
    return next(filter(None, (_value(name, environ) for name in _STATE_VARIABLES)), None)


def _switch(name: str, environ: Mapping[str, str]) -> bool | None:
    value = _value(name, environ)
    return None if value is None else value.lower() in _TRUE


def _value(name: str, environ: Mapping[str, str]) -> str | None:
    found = find_variable(name, environ)
    return None if found is None else found[1]
