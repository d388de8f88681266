"""A dbt project on the dbt platform as a source: its state is made from the manifest.json of a run there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dbt_component.cloud.adhoc_jobs import AdhocJobs
from dbt_component.cloud.client.client import DbtCloudClient
from dbt_component.cloud.client.run import CloudRun
from dbt_component.cloud.equal_run import EqualRun
from dbt_component.cloud.manifest_run import (
    find_manifest_run,
    parse_on_platform,
    read_manifest_of,
)
from dbt_component.cloud.place import Place
from dbt_component.cloud.platform_record import PART, KnownJob, PlatformRecord, read_record
from dbt_component.errors import ProjectError
from dbt_component.manifest.origin import Origin
from dbt_component.project.manifest_state import MANIFEST, build_manifest_state
from dbt_component.project.previous_state import PreviousState
from dbt_component.project.project import DbtProject
from dbt_component.project.project_settings import ProjectSettings
from dbt_component.project.refresh import RefreshOutcome
from dbt_component.project.refresh_lock import refresh_lock
from dbt_component.project.refresh_request import RefreshRequest
from dbt_component.project.source import StateName
from dbt_component.project.state import StateContents, StateFile, write_state
from dbt_component.project.working_folder import WorkingFolder
from dbt_component.version import __version__


@dataclass(frozen=True)
class CloudProjectSource:
    """A project in an environment of the dbt platform.

    Args:
        place: The environment.
        client: Speaks to the platform.
        adhoc: The jobs in which `dbt parse` runs if no run is new enough.
        max_age: How old the newest run may be whose manifest.json is used; without such a run, or with zero, `dbt parse`
            runs on the platform.
    """

    place: Place
    client: DbtCloudClient
    adhoc: AdhocJobs
    max_age: timedelta

    @property
    def settings(self) -> ProjectSettings:
        return ProjectSettings()

    @property
    def remote_commit(self) -> None:
        """``None``: the platform is asked for runs, not for commits."""

    def state_name(self, root: Path) -> StateName:
        """The ids of project and environment, with account and access URL."""
        place = self.place
        name = f"{place.project_id}-{place.environment_id}"
        return StateName(name, {"account": place.account_id, "access_url": str(place.access_url)})

    def refresh(self, request: RefreshRequest) -> RefreshOutcome:
        """Brings a state up to date with the environment.

        Asks for the newest run and for the jobs. If the state was made from that run, or the run is known on this machine to
        say the same, and the jobs are the same, nothing is downloaded; if its manifest says the same as the recorded one,
        nothing is written. One process of this machine at a time does this.

        Raises:
            DbtCloudError: The platform can't be asked, or `dbt parse` failed there. The previous state is untouched.
            SelectionError: dbt does not accept a selection.
        """
        equal_run = EqualRun(self.place)
        with (
            PreviousState(request.compared_path) as previous,
            refresh_lock(self.place.identity) as has_waited,
        ):
            if has_waited:
                previous.reopen_if_replaced()
            state = previous.state
            usable = state if state is not None and self._is_usable(state, request) else None
            record = None if usable is None else read_record(usable)
            jobs = self._jobs()
            run = find_manifest_run(self.client, self.place, max_age=self.max_age)
            if usable is not None and record is not None and run is not None:
                manifest = usable.fingerprint.settings.get(MANIFEST)
                is_known = record.run_id == run.id or equal_run.is_known(run.id, manifest)
                if is_known and record.jobs == jobs:
                    return self._unchanged(usable, request)
            if run is None:
                run = parse_on_platform(self.client, self.adhoc)
                jobs = self._jobs()
            contents = self._contents(run, jobs, request)
            reasons = self._reasons(usable, previous, contents)
            if record is not None and record.jobs != jobs:
                reasons.append("the jobs of the environment changed")
            if not reasons:
                equal_run.remember(run.id, contents.fingerprint.settings[MANIFEST])
                return self._unchanged(usable, request)
            notes: list[str] = []

            def review(written: StateFile) -> None:
                if request.review is not None:
                    notes.extend(request.review(written))

            write_state(request.state_path, contents, review=review)
        return RefreshOutcome(is_changed=True, reasons=reasons, warnings=notes)

    def write_run(self, run_id: int, request: RefreshRequest) -> None:
        """Writes the state of a certain run, whatever the newest one is.

        Raises:
            DbtCloudError: The platform can't be asked, or has the run no more.
        """
        contents = self._contents(self.client.run(run_id), [], request)
        write_state(request.state_path, contents)

    def _contents(
        self, run: CloudRun, jobs: list[KnownJob], request: RefreshRequest
    ) -> StateContents:
        return build_manifest_state(
            read_manifest_of(self.client, run),
            request,
            source=f"the dbt platform, {self.place}",
            where=f"{MANIFEST} of {run.url}",
            settings=self.compared_settings,
            further={PART: PlatformRecord(run.id, run.url, run.git_sha, jobs).encode()},
        )

    def open(
        self, unpack: Callable[[], Path], working_folder: WorkingFolder | None = None
    ) -> DbtProject:
        """Never possible.

        Raises:
            ProjectError: Always: the project is on the platform only.
        """
        raise ProjectError(
            "The dbt project is on the dbt platform; there is no copy of it on this machine.",
            where=str(self.place),
        )

    def find_folder(self) -> None:
        """``None``: no file of the project is on this machine."""

    def origin(self, recorded: Origin | None) -> None:
        """``None``: the state records the run instead, which names its commit."""

    @property
    def compared_settings(self) -> dict[str, str]:
        """What a state must agree with to be used, besides the manifest, as names and values for people."""
        return {"environment": self.place.identity, "dbt-component": __version__}

    def _is_usable(self, state: StateFile, request: RefreshRequest) -> bool:
        settings = state.fingerprint.settings
        return request.is_held_by(state) and all(
            settings.get(name) == value for name, value in self.compared_settings.items()
        )

    def _jobs(self) -> list[KnownJob]:
        found = self.client.jobs(
            project_id=self.place.project_id, environment_id=self.place.environment_id
        )
        return sorted(
            (KnownJob(job.id, job.name) for job in found), key=lambda job: (job.id, job.name)
        )

    @staticmethod
    def _reasons(
        usable: StateFile | None, previous: PreviousState, contents: StateContents
    ) -> list[str]:
        """Why the new contents replace the previous state; empty if they say the same."""
        if usable is not None:
            before, now = usable.fingerprint.settings, contents.fingerprint.settings
            return [] if before.get(MANIFEST) == now.get(MANIFEST) else ["the manifest changed"]
        if previous.state is None:
            return [previous.problem]
        return ["new selections, another environment or another release of dbt-component"]

    @staticmethod
    def _unchanged(state: StateFile | None, request: RefreshRequest) -> RefreshOutcome:
        assert state is not None, "a refresh without a usable state has reasons"
        notes = [] if request.review is None else request.review(state)
        return RefreshOutcome(is_changed=False, warnings=notes)
