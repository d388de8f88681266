"""The attributes of DbtCloudComponent: checked, and with what follows from them."""

from dataclasses import dataclass

from typing_extensions import override

from dbt_component.cloud.component.fields import DbtCloudFields
from dbt_component.cloud.component.workspace_args import WorkspaceArgs
from dbt_component.cloud.workspace import DbtCloudWorkspace
from dbt_component.component.attributes import DbtAttributes
from dbt_component.component.yaml.switch import switch
from dbt_component.errors import DefinitionError


@dataclass
class DbtCloudAttributes(DbtAttributes, DbtCloudFields):
    """The attributes of DbtCloudComponent, with what follows from them."""

    @override
    def complete_and_check(self) -> None:
        """Fills in defaults and rejects what is not valid, or can't be done on the platform.

        Raises:
            DefinitionError: An attribute is not valid; the message says why and names it.
            SelectionError: ``select`` or ``exclude`` is combined with ``selector``.
        """
        if isinstance(self.workspace, WorkspaceArgs):
            self.workspace = self.workspace.workspace()
        self.create_sensor = switch(self.create_sensor, "create_sensor")
        super().complete_and_check()
        if self.timeout_seconds is not None and self.timeout_seconds <= 0:
            raise DefinitionError(
                f"`timeout_seconds` must be positive, not {self.timeout_seconds!r}.",
                key="timeout_seconds",
                hint="Leave it out for no limit.",
            )
        self._refuse_what_dbt_must_be_told()

    @property
    @override
    def may_have_other_options(self) -> bool:
        return True

    @property
    def platform(self) -> DbtCloudWorkspace:
        """The workspace."""
        assert isinstance(self.workspace, DbtCloudWorkspace), "complete_and_check has resolved it"
        return self.workspace

    def _refuse_what_dbt_must_be_told(self) -> None:
        """Rejects rules for tests, and metadata, that need a change in dbt's own process."""
        rules = self.check_rules
        for position, rule in enumerate(rules.rules if rules is not None else ()):
            for name, value in (("severity", rule.severity), ("blocking", rule.blocking)):
                if value not in (None, True):
                    raise DefinitionError(
                        f"`checks.rules[{position}].{name}` can't apply on the dbt platform, whose dbt takes it from the"
                        " project alone.",
                        key=f"checks.rules[{position}].{name}",
                        hint=f"Configure it in the dbt project, and remove `{name}` here.",
                    )
        for position, op in enumerate(self.ops or ()):
            if op.include_metadata:
                raise DefinitionError(
                    f"`ops[{position}].include_metadata` can't apply on the dbt platform: it needs dbt's own process.",
                    key=f"ops[{position}].include_metadata",
                    hint="Remove it.",
                )
