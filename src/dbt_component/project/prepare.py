"""Prepare once: fingerprint, and only if it changed `dbt deps` where needed, `dbt parse`, new state."""

import contextlib
import datetime
import hashlib
import io
import json
import os
import tempfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from dbt_component.dbt_process.engine import Engine, find_engine
from dbt_component.dbt_process.events import InvocationResult, LogLine
from dbt_component.dbt_process.parse_cache import ParseCache, split_parse_cache
from dbt_component.dbt_process.process import DbtProcess
from dbt_component.dbt_process.requests import Prepare, Probe, Request, Select, WantedSelection
from dbt_component.errors import PrepareError, SelectionError
from dbt_component.manifest.origin import Origin
from dbt_component.manifest.parse import decode_manifest, parse_manifest
from dbt_component.project.cache import cache_folder
from dbt_component.project.dbt_environment import dbt_environment
from dbt_component.project.fingerprint import Fingerprint, hash_environment, take_fingerprint
from dbt_component.project.packages import needs_packages
from dbt_component.project.project import DbtProject
from dbt_component.project.project_yml import load_yaml
from dbt_component.project.secret_scan import literal_secrets
from dbt_component.project.state import (
    FORMAT,
    FORMAT_VERSION,
    Provenance,
    StateContents,
    StateFile,
    StateHeader,
    read_state_if_usable,
    write_state,
)
from dbt_component.selection.criteria import SelectionCriteria
from dbt_component.version import __version__

LOCK_TIMEOUT_SECONDS = 1800


class Wanted(msgspec.Struct, frozen=True):
    """What a state must hold besides the project: resolved selections, and variables tried."""

    selections: list[SelectionCriteria]
    runtime_vars: list[str] = []

    @classmethod
    def of(
        cls, selections: Iterable[SelectionCriteria], runtime_vars: Iterable[str] = ()
    ) -> "Wanted":
        """In a fixed order, and without selections that need no dbt."""
        return cls(
            sorted({criteria for criteria in selections if not criteria.is_everything}),
            sorted(set(runtime_vars)),
        )


class RefreshOutcome(msgspec.Struct, frozen=True):
    """What a refresh did. ``reasons`` names the changed inputs; empty if nothing was written."""

    is_changed: bool
    reasons: list[str]
    warnings: list[str] = []


def refresh_state(
    project: DbtProject,
    state_path: Path,
    *,
    selections: Iterable[SelectionCriteria],
    runtime_vars: Iterable[str] = (),
    previous_path: Path | None = None,
    origin: Origin | None = None,
    replaces: str | None = None,
) -> RefreshOutcome:
    """Brings the state at ``state_path`` up to date with the project.

    Does nothing but read and hash the project's files if the state there was prepared from the same
    inputs and holds all selections. Otherwise runs dbt in a child process and replaces the file
    atomically. One preparation of a project runs at a time, in whatever process; the others wait and
    then find the work done.

    Args:
        project: The project on disk.
        state_path: Where the state is, or is to be written.
        selections: Selections to resolve with dbt's own selector and keep.
        runtime_vars: Variables that runs will set; it is tried whether they change the manifest, which
            costs another parse when the state is made anew.
        previous_path: A former state to compare with, if it lies elsewhere.
        origin: The commit that the project was taken from; part of what is compared.
        replaces: The version of the former state, in a storage that keeps versions.

    Raises:
        PrepareError: dbt failed; the message is dbt's own. The former state is untouched.
        SelectionError: dbt does not accept a selection.
        OSError: The state can't be written. The former state is untouched.
    """
    wanted = Wanted.of(selections, runtime_vars)
    engine = find_engine(project.dbt_executable)
    previous = read_state_if_usable(previous_path or state_path)
    known = previous.fingerprint if previous is not None else None
    fingerprint = take_fingerprint(project, engine, known=known, origin=origin)
    if previous is not None and is_current(previous, fingerprint, wanted):
        return RefreshOutcome(is_changed=False, reasons=[])
    with _project_lock(project):
        # Another process may have done the work while this one waited.
        previous = read_state_if_usable(previous_path or state_path)
        known = previous.fingerprint if previous is not None else None
        fingerprint = take_fingerprint(project, engine, known=known, origin=origin)
        if previous is not None and is_current(previous, fingerprint, wanted):
            return RefreshOutcome(is_changed=False, reasons=[])
        if previous is None:
            reasons = ["no usable state"]
        else:
            reasons = previous.fingerprint.differences(fingerprint) or [
                "new selections or run-time variables"
            ]
        preparation = _Preparation(project, engine, wanted, previous, fingerprint, origin, replaces)
        contents = preparation.run()
        write_state(state_path, contents)
        if previous is not None:
            previous.close()
        return RefreshOutcome(is_changed=True, reasons=reasons, warnings=preparation.warnings)


def resolve_selections(
    state: StateFile, project: DbtProject, wanted: Sequence[SelectionCriteria]
) -> dict[str, list[str]]:
    """Resolves selections that the state lacks, with dbt's selector in a child process.

    Raises:
        SelectionError: dbt does not accept one of them.
    """
    engine = find_engine(project.dbt_executable)
    cache = ParseCache(state.read_parse_cache_toc(), state.parse_cache_range.read)
    if cache.is_empty and engine.command is None:
        raise SelectionError(
            "The state was prepared by a dbt that keeps no parse cache, which this one needs to select.",
            hint="Refresh it with `dg utils refresh-defs-state`.",
        )
    with tempfile.TemporaryDirectory(prefix="dbt-component-") as folder:
        scratch = Path(folder)
        if not cache.is_empty:
            (scratch / "manifest.msgpack").write_bytes(
                cache.put_together(is_env_unchanged=lambda _: True)
            )
        request = Select(
            manifest=str(scratch / "manifest.msgpack"),
            selections=[WantedSelection.of(criteria) for criteria in wanted],
            output=str(scratch / "answers.json"),
            list_argv=project_arguments(project),
        )
        _run_child(engine, project, request, scratch, what="select nodes")
        return _read_selections(scratch, wanted)


def is_current(state: StateFile, fingerprint: Fingerprint, wanted: Wanted) -> bool:
    """Whether a state was made from these inputs and holds all that is wanted."""
    return state.fingerprint.digest == fingerprint.digest and holds(state, wanted)


def holds(state: StateFile, wanted: Wanted) -> bool:
    """Whether a state holds the selections and variables that are wanted of it."""
    return all(criteria.cache_key in state.selections for criteria in wanted.selections) and set(
        wanted.runtime_vars
    ) <= set(state.header.runtime_vars_tried)


@contextlib.contextmanager
def _project_lock(project: DbtProject) -> Iterator[None]:
    identity = hashlib.sha256(str(project.project_dir.resolve()).encode()).hexdigest()[:16]
    lock = FileLock(cache_folder("locks") / f"{identity}.lock")
    try:
        lock.acquire(timeout=LOCK_TIMEOUT_SECONDS)
    except Timeout as error:
        raise PrepareError(
            f"Another process has been preparing the project for {LOCK_TIMEOUT_SECONDS} s.",
            where=str(project.project_dir),
            hint="Look for a hanging dbt process.",
        ) from error
    try:
        yield
    finally:
        lock.release()


class _Preparation:
    """One run of dbt that yields the contents of a new state."""

    def __init__(
        self,
        project: DbtProject,
        engine: Engine,
        wanted: Wanted,
        previous: StateFile | None,
        fingerprint: Fingerprint,
        origin: Origin | None,
        replaces: str | None,
    ) -> None:
        self._origin = origin
        self._replaces = replaces
        self._project = project
        self._engine = engine
        self._wanted = wanted
        self._previous = previous
        self._fingerprint = fingerprint
        self.warnings: list[str] = []

    def run(self) -> StateContents:
        with tempfile.TemporaryDirectory(prefix="dbt-component-") as folder:
            scratch = Path(folder)
            target = scratch / "target"
            target.mkdir()
            if self._previous is not None:
                self._write_previous_cache(self._previous, target)
            commands: list[list[str]] = []
            if needs_packages(self._project, self._previous, self._fingerprint):
                commands.append(["deps"])
            commands.append(self._parse_command())
            request = Prepare(
                commands=commands,
                parse_cache=str(target / "partial_parse.msgpack"),
                probe=self._probe(scratch),
                selections=[WantedSelection.of(criteria) for criteria in self._wanted.selections],
                output=str(scratch / "answers.json"),
                list_argv=project_arguments(self._project),
            )
            what = "`dbt " + "` and `dbt ".join(" ".join(command) for command in commands) + "`"
            self.warnings = _run_child(self._engine, self._project, request, scratch, what=what)
            return self._contents(scratch, target)

    def _write_previous_cache(self, previous: StateFile, target: Path) -> None:
        cache = ParseCache(previous.read_parse_cache_toc(), previous.parse_cache_range.read)
        if not cache.is_empty:
            (target / "partial_parse.msgpack").write_bytes(
                cache.put_together(is_env_unchanged=previous.fingerprint.is_env_unchanged)
            )

    def _probe(self, scratch: Path) -> Probe | None:
        names = [name for name in self._wanted.runtime_vars if name not in self._project.vars]
        if not names or tuple(self._project.prepare_project_cli_args) != ("parse",):
            return None
        return Probe(
            names=names,
            vars=dict(self._project.vars),
            argv=["parse", *project_arguments(self._project, with_vars=False)],
            target_path=str(scratch / "probe"),
        )

    def _parse_command(self) -> list[str]:
        command = list(self._project.prepare_project_cli_args) or ["parse"]
        return [*command, *project_arguments(self._project)]

    def _contents(self, scratch: Path, target: Path) -> StateContents:
        manifest_path = target / "manifest.json"
        if not manifest_path.exists():
            raise PrepareError(
                "dbt wrote no manifest.json to the folder that DBT_TARGET_PATH names.",
                where=str(self._project.project_dir),
                hint="A `dbt_executable` that wraps dbt must pass on the DBT_ variables and see the same"
                " folders.",
            )
        manifest_json = manifest_path.read_bytes()
        cache_path = target / "partial_parse.msgpack"
        has_cache = cache_path.exists()
        if not has_cache and self._engine.command is None:
            raise PrepareError(
                "dbt wrote no parse cache.",
                where=str(self._project.project_dir),
                hint="Remove `partial_parse: false` from dbt_project.yml or profiles.yml.",
            )
        toc, parse_cache = split_parse_cache(cache_path.read_bytes() if has_cache else None)
        manifest = decode_manifest(manifest_json)
        vars_text = json.dumps(
            [self._project.yml.vars, dict(self._project.vars)], sort_keys=True, default=str
        )
        vars_digest = hashlib.sha256(vars_text.encode()).hexdigest()
        index, raw_nodes = parse_manifest(manifest, vars_digest=vars_digest)
        fingerprint = self._final_fingerprint(toc, parse_cache)
        selections = self._carried_selections(fingerprint)
        answers = msgspec.json.decode((scratch / "answers.json").read_bytes())
        selections.update(_read_selections(scratch, self._wanted.selections))
        project_zip, has_profiles = self._zip_project(fingerprint)
        return StateContents(
            header=StateHeader(
                format=FORMAT,
                format_version=FORMAT_VERSION,
                state_id=uuid.uuid4().hex,
                input_digest=fingerprint.digest,
                project_dir=str(self._project.project_dir.resolve()),
                has_profiles=has_profiles,
                has_own_profiles=self._project.find_profiles_dir().is_relative_to(
                    self._project.project_dir.resolve()
                ),
                runtime_vars=answers["runtime_vars"],
                runtime_vars_tried=self._wanted.runtime_vars,
                provenance=Provenance(
                    project_name=index.project_name or self._project.name,
                    source=(self._origin.repository if self._origin is not None else "")
                    or self._project.project_dir.name,
                    created_at=datetime.datetime.now(datetime.timezone.utc).isoformat(),
                    dbt_version=index.dbt_version,
                    package_version=__version__,
                    adapter_type=index.adapter_type,
                    profile=self._project.profile,
                    target=self._project.target,
                    origin=self._origin,
                    replaces=self._replaces,
                ),
            ),
            fingerprint=fingerprint,
            index=index,
            selections=selections,
            raw_nodes=raw_nodes,
            parse_cache_toc=toc,
            parse_cache=parse_cache,
            manifest_json=manifest_json,
            project_zip=project_zip,
        )

    def _final_fingerprint(self, toc: bytes, parse_cache: bytes) -> Fingerprint:
        """The inputs after dbt ran: `dbt deps` may have added packages, dbt saw every env var."""
        taken = take_fingerprint(
            self._project, self._engine, known=self._fingerprint, origin=self._origin
        )
        changed = [
            path
            for path, stamp in self._fingerprint.files.items()
            if not self._is_package_file(path)
            and (path not in taken.files or taken.files[path].sha1 != stamp.sha1)
        ]
        if changed:
            raise PrepareError(
                f"Files changed while dbt was parsing: {', '.join(sorted(changed)[:5])}.",
                where=str(self._project.project_dir),
                hint="Refresh again.",
            )
        cache = ParseCache(toc, lambda offset, length: parse_cache[offset : offset + length])
        names = [*taken.env, *cache.environment_names()]
        return msgspec.structs.replace(taken, env=hash_environment(names, salt=taken.salt))

    def _is_package_file(self, path: str) -> bool:
        install = os.path.normpath(self._project.yml.packages_install_path).replace(os.sep, "/")
        return path == "package-lock.yml" or path.startswith(install + "/")

    def _carried_selections(self, fingerprint: Fingerprint) -> dict[str, list[str]]:
        """Selections of other components on this state stay valid while the inputs are the same."""
        if self._previous is None or self._previous.fingerprint.digest != fingerprint.digest:
            return {}
        return dict(self._previous.selections)

    def _zip_project(self, fingerprint: Fingerprint) -> tuple[bytes, bool]:
        """The project's own files; profiles.yml only if it holds no literal secret."""
        buffer = io.BytesIO()
        root = self._project.project_dir
        profiles = self._project.find_profiles_dir() / "profiles.yml"
        found_secrets = literal_secrets(load_yaml(profiles))
        if found_secrets:
            self.warnings.append(
                f"profiles.yml is not kept in the state: it holds {', '.join(found_secrets)} in"
                " plain text. Use env_var() there, or set `profiles_dir` where the state is run."
            )
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for relative in sorted(fingerprint.files):
                archive.write(root / relative, relative)
            if not found_secrets:
                archive.write(profiles, "profiles.yml")
        return buffer.getvalue(), not found_secrets


def project_arguments(project: DbtProject, *, with_vars: bool = True) -> list[str]:
    """``--profile``, ``--target`` and ``--vars`` of a project, as every dbt command gets them."""
    arguments: list[str] = []
    if project.profile:
        arguments += ["--profile", project.profile]
    if project.target:
        arguments += ["--target", project.target]
    if project.vars and with_vars:
        arguments += ["--vars", json.dumps(dict(project.vars), default=str)]
    return arguments


def _read_selections(scratch: Path, wanted: Sequence[SelectionCriteria]) -> dict[str, list[str]]:
    if not wanted:
        return {}
    found = msgspec.json.decode((scratch / "answers.json").read_bytes())["selections"]
    problems = [
        f"{criteria}: {found[criteria.cache_key]['error']}"
        for criteria in wanted
        if "error" in found[criteria.cache_key]
    ]
    if problems:
        raise SelectionError(
            "dbt does not accept " + "\n".join(problems),
            hint="See https://docs.getdbt.com/reference/node-selection/syntax.",
        )
    return {criteria.cache_key: found[criteria.cache_key]["ids"] for criteria in wanted}


def _run_child(
    engine: Engine, project: DbtProject, request: Request, scratch: Path, *, what: str
) -> list[str]:
    """Runs one request to its end; returns dbt's warnings.

    Raises:
        PrepareError: dbt failed, with its own message; or the process ended without a result.
    """
    errors: list[str] = []
    warnings: list[str] = []
    is_complete = False
    output = scratch / "output.txt"
    env = dbt_environment(project, target_path=scratch / "target")
    with (
        output.open("wb") as file,
        DbtProcess(engine, stdout=file.fileno(), stderr=file.fileno()) as process,
    ):
        process.send(request, env=env, cwd=project.project_dir.resolve())
        for event in process.events():
            if isinstance(event, LogLine):
                (errors if event.level == "error" else warnings).append(event.message)
            elif isinstance(event, InvocationResult):
                if not event.success:
                    raise PrepareError(
                        f"{what} failed:\n{event.error or chr(10).join(errors) or 'no message'}",
                        where=str(project.project_dir),
                    )
            else:
                is_complete = True
        exit_code = process.exit_code
    if not is_complete:
        tail = output.read_bytes()[-2000:].decode(errors="replace").strip()
        raise PrepareError(
            f"{what} ended with exit code {exit_code} and no result."
            + (f" Its last output:\n{tail}" if tail else ""),
            where=str(project.project_dir),
        )
    return warnings
