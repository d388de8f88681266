"""A dbt project in a Git repository, from defs.yaml to a run."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.metadata.source_code import UrlCodeReference

from dbt_component.component.doctor import examine
from dbt_component.project.git.source import GitSource
from dbt_component.project.state import StateFile
from tests.dg_project import PROJECTS, DgProject, run, specs_of

pytestmark = pytest.mark.server


def git(folder: Path, *args: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.com", *args],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the shop project in a folder, tagged v1, and one commit more."""
    folder = tmp_path / "repository"
    shutil.copytree(PROJECTS / "shop", folder / "dbt" / "shop")
    git(folder.parent, "init", "-q", "-b", "main", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "tag", "v1")
    (folder / "dbt/shop/models/staging/extra.sql").write_text("select 1 as one")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "second")
    return folder


@pytest.fixture
def git_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DgProject:
    monkeypatch.setenv("SHOP_DATABASE", str(tmp_path / "shop.duckdb"))
    return DgProject(tmp_path / "dg")


def test_a_branch_a_tag_and_a_push(
    git_project: DgProject, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"file://{repository}"
    project = {"repo_url": url, "repo_relative_path": "dbt/shop"}
    git_project.write_component(project={**project, "ref": "v1"})
    git_project.refresh()
    at_tag = specs_of(git_project.load())
    assert "extra" not in at_tag
    assert at_tag["customers"].metadata["dbt_component/commit"] == git(
        repository, "rev-parse", "v1"
    )

    template = "https://git.example.com/src/{commit}/{path}"
    git_project.write_component(project={**project, "ref": "main", "link_template": template})
    git_project.refresh()
    head = git(repository, "rev-parse", "main")
    spec = specs_of(git_project.load())["extra"]
    assert spec.metadata["dbt_component/commit"] == head
    (reference,) = [
        r
        for r in spec.metadata["dagster/code_references"].code_references
        if isinstance(r, UrlCodeReference)
    ]
    assert reference.url == f"https://git.example.com/src/{head}/dbt/shop/models/staging/extra.sql"
    capsys.readouterr()
    git_project.refresh()
    assert "unchanged" in capsys.readouterr().err

    (repository / "dbt/shop/models/staging/extra.sql").unlink()
    git(repository, "commit", "-qam", "third")
    git_project.refresh()
    assert "commit changed" in capsys.readouterr().err
    assert "extra" not in specs_of(git_project.load())


def test_what_a_commit_changes_is_compared_with_an_absolute_folder(
    git_project: DgProject,
    repository: Path,
    shop_state_path: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    production = tmp_path / "production"
    production.mkdir()
    manifest = production / "manifest.json"
    manifest.write_bytes(StateFile(shop_state_path).read_manifest_json())
    project = {
        "repo_url": f"file://{repository}",
        "repo_relative_path": "dbt/shop",
        "state_path": str(production),
    }
    git_project.write_component(project=project, select="state:new,resource_type:model")
    git_project.refresh()
    assert specs_of(git_project.load()).keys() == {"extra"}
    capsys.readouterr()
    git_project.refresh()
    assert "unchanged" in capsys.readouterr().err
    content = json.loads(manifest.read_text())
    del content["nodes"]["model.shop.customers"]
    manifest.write_text(json.dumps(content))
    git_project.refresh()
    assert "state_path/manifest.json changed" in capsys.readouterr().err
    assert specs_of(git_project.load()).keys() >= {"extra", "customers"}
    manifest.unlink()  # as in an image
    assert specs_of(git_project.load()).keys() >= {"extra", "customers"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"link_template": "https://git.example.com/{commit}/{path}"},
        {"prepare_project_cli_args": ["parse", "--no-partial-parse"]},
        {"vars": {"minimum_amount": 1}},
    ],
)
def test_a_changed_setting_refreshes_the_state_at_the_same_commit(
    git_project: DgProject,
    repository: Path,
    changed: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    project = {"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"}
    settings = {"key": "shop"}
    git_project.write_component(project=project, defs_state=settings)
    git_project.refresh()
    git_project.write_component(project={**project, **changed}, defs_state=settings)
    capsys.readouterr()
    git_project.refresh()
    assert "refreshed" in capsys.readouterr().err
    git_project.refresh()
    assert "unchanged" in capsys.readouterr().err


def test_profiles_outside_of_the_repository_are_watched_without_fetching_it(
    git_project: DgProject,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    own = repository / "dbt/shop/profiles.yml"
    profiles = git_project.root / "profiles" / "profiles.yml"
    profiles.parent.mkdir()
    own.rename(profiles)
    git(repository, "commit", "-qam", "profiles are elsewhere")
    git_project.write_component(
        project={
            "repo_url": f"file://{repository}",
            "repo_relative_path": "dbt/shop",
            "profiles_dir": "{{ context.project_root }}/profiles",
        }
    )
    git_project.refresh()
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(GitSource, "checkout", None)
        git_project.refresh()
    assert "unchanged" in capsys.readouterr().err
    profiles.write_text(profiles.read_text() + "# changed\n")
    git_project.refresh()
    assert "profiles.yml changed" in capsys.readouterr().err


def test_doctor_finds_the_state_of_a_git_project_fresh(
    git_project: DgProject, repository: Path
) -> None:
    git_project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"},
        defs_state={"key": "shop"},
    )
    git_project.refresh()
    report = examine(git_project.component(), select=None, exclude="")
    assert report.changes == []
    assert report.run_mode == "sliced"
    git_project.write_component(
        project={
            "repo_url": f"file://{repository}",
            "repo_relative_path": "dbt/shop",
            "submodules": True,
        },
        defs_state={"key": "shop"},
    )
    (change,) = examine(git_project.component(), select=None, exclude="").changes
    assert '"submodules": true' in change


def test_a_run_needs_no_repository(git_project: DgProject, repository: Path) -> None:
    git_project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"}
    )
    git_project.refresh()
    component = git_project.component()
    assert component.asset_key_for_model("extra").to_user_string() == "extra"
    assert component.dbt_project.name == "shop"
    repository.rename(repository.parent / "gone")
    outcome = run(git_project.load())
    assert outcome.success, outcome.failure
    assert {"extra", "raw_orders", "customers"} <= set(outcome.materialized)


def test_a_host_that_is_down_fails_a_refresh_and_leaves_development_on_the_last_good_state(
    git_project: DgProject,
    repository: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    git_project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"}
    )
    git_project.refresh()
    repository.rename(repository.parent / "gone")
    with pytest.raises(Exception, match="repository"):
        git_project.refresh()
    monkeypatch.setenv("DAGSTER_IS_DEV_CLI", "1")
    assert "customers" in specs_of(git_project.load())
    assert "last good state" in caplog.text


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ({"repo_url": "ext::sh -c whoami"}, "ext"),
        ({"repo_url": "--upload-pack=whoami"}, "upload-pack"),
        ({"repo_url": "https://example.com/r.git", "ref": "-b"}, "-b"),
        ({"repo_url": "https://example.com/r.git", "repo_relative_path": "../.."}, r"\.\."),
        ({"repo_url": "{{ env.URL_WITH_TOKEN }}"}, "token"),
        ({"repo_url": "https://example.com/r.git", "reff": "main"}, "Did you mean 'ref'"),
    ],
)
def test_hostile_or_mistyped_input_is_refused_when_the_yaml_is_read(
    git_project: DgProject,
    project: dict[str, str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("URL_WITH_TOKEN", "https://user:secret@example.com/r.git")
    git_project.write_component(project=project)
    with pytest.raises(Exception) as caught:
        git_project.component()
    text = ""
    error: BaseException | None = caught.value
    while error is not None:
        text += str(error)
        error = error.__cause__
    assert expected.replace("\\", "") in text
    assert "secret" not in text


def test_two_folders_or_refs_of_one_repository_never_share_a_state(
    git_project: DgProject, repository: Path
) -> None:
    keys = set()
    for number, part in enumerate(
        [{}, {"ref": "v1"}, {"repo_relative_path": "dbt/shop"}, {"target": "other"}]
    ):
        git_project.write_component(
            f"c{number}", project={"repo_url": f"file://{repository}", **part}
        )
        keys.add(git_project.component(f"c{number}").defs_state_config.key)
    assert len(keys) == 4


def test_watching_refreshes_the_state_once_for_each_commit_and_tells_what_changed(
    git_project: DgProject, repository: Path
) -> None:
    git_project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"},
        watch={"interval_seconds": 30},
        op={"name": "transform"},
    )
    git_project.refresh()
    defs = git_project.load()
    instance = dg.DagsterInstance.ephemeral()
    sensor = defs.get_sensor_def("transform_watch")
    assert sensor.minimum_interval_seconds == 30

    def tick() -> dg.RunRequest | dg.SkipReason:
        answer = sensor(dg.build_sensor_context(instance=instance))
        assert isinstance(answer, (dg.RunRequest, dg.SkipReason))
        return answer

    assert isinstance(tick(), dg.SkipReason)
    (repository / "dbt/shop/models/staging/extra.sql").unlink()
    (repository / "dbt/shop/models/staging/more.sql").write_text("select 2 as two")
    (repository / "dbt/shop/macros/shout.sql").write_text(
        "{% macro shout(column) %}lower({{ column }}){% endmacro %}"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "third")
    request = tick()
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == git(repository, "rev-parse", "HEAD")
    result = defs.get_job_def("transform_refresh_state_job").execute_in_process(instance=instance)
    assert result.success
    (handled,) = result.filter_events(lambda e: e.is_successful_output)
    metadata = handled.step_output_data.metadata
    assert metadata["added"].value == ["model.shop.more"]
    assert metadata["removed"].value == ["model.shop.extra"]
    assert metadata["changed"].value == ["model.shop.customers"]  # it calls the macro
    assert "more" in specs_of(git_project.load())


def test_watching_a_folder_is_refused(git_project: DgProject) -> None:
    git_project.copy_dbt_project()
    git_project.write_component(watch={"interval_seconds": 30})
    with pytest.raises(Exception) as caught:
        git_project.component()
    assert "repo_url" in str(caught.value)


def test_a_colocated_project_can_carry_the_commit_of_its_work_tree(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture
) -> None:
    root = dg_project.root
    git(root.parent, "init", "-q", "-b", "main", str(root))
    git(root, "remote", "add", "origin", "https://someone:secret@github.com/org/shop.git")
    (root / ".gitignore").write_text(".local_defs_state\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    head = git(root, "rev-parse", "HEAD")
    folder = {"project_dir": "{{ context.project_root }}/shop"}
    dg_project.write_component(project={**folder, "commit_links": True})
    dg_project.refresh()
    metadata = specs_of(dg_project.load())["stg_orders"].metadata
    assert metadata["dbt_component/commit"] == head
    assert metadata["dbt_component/repository"] == "https://github.com/org/shop.git"
    references = metadata["dagster/code_references"].code_references
    path = "shop/models/staging/stg_orders.sql"
    assert [r.url for r in references if isinstance(r, UrlCodeReference)] == [
        f"https://github.com/org/shop.git/blob/{head}/{path}".replace(".git", "")
    ]
    assert str(root / path) in [getattr(r, "file_path", None) for r in references]
    assert run(dg_project.load(), dg.AssetSelection.assets("raw_orders")).success

    model = dg_project.dbt_folder / "models/staging/stg_orders.sql"
    model.write_text(model.read_text() + "-- changed\n")
    dg_project.refresh()
    assert "uncommitted changes" in caplog.text and "stg_orders.sql" in caplog.text
    assert "dbt_component/commit" not in specs_of(dg_project.load())["stg_orders"].metadata

    dg_project.write_component(project=folder)
    assert "dbt_component/commit" not in specs_of(dg_project.load())["stg_orders"].metadata


def test_a_folder_outside_of_git_is_told_and_goes_without_commit(
    dg_project: DgProject, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(dg_project.root.parent))
    dg_project.write_component(
        project={"project_dir": "{{ context.project_root }}/shop", "commit_links": True}
    )
    dg_project.refresh()
    assert "is not in a Git work tree" in caplog.text
    assert "dbt_component/commit" not in specs_of(dg_project.load())["stg_orders"].metadata


def tables_in(database: Path) -> set[str]:
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute("select table_name from information_schema.tables").fetchall()
    return {str(name) for (name,) in rows}


def working_folders() -> list[Path]:
    return [
        folder
        for folder in (Path(os.environ["DBT_COMPONENT_DATA_DIR"]) / "working").glob("*/project")
        if folder.is_dir()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("database", ["shop.duckdb", "data/shop.duckdb"])
def test_a_database_at_a_relative_path_outlives_commits(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    database: str,
) -> None:
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "user"))
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("SHOP_DATABASE", database)
    (repository / "dbt/shop/data").mkdir()
    (repository / "dbt/shop/data/.gitkeep").touch()
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a folder for the database")
    project = DgProject(tmp_path / "dg")
    project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"},
        select="resource_type:seed path:models/staging",
    )
    project.refresh()
    (folder,) = working_folders()
    assert f"profiles.yml names {database!r} by a relative path" in caplog.text
    assert str(folder / database) in caplog.text
    first = run(project.load(), dg.AssetSelection.assets("raw_customers", "raw_orders"))
    assert first.success, first.failure
    assert tables_in(folder / database) == {"raw_customers", "raw_orders"}

    (repository / "dbt/shop/models/staging/later.sql").write_text(
        "select * from {{ ref('raw_orders') }}"
    )
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "one more model")
    project.refresh()
    second = run(project.load(), dg.AssetSelection.assets("later"))
    assert second.success, second.failure
    assert tables_in(folder / database) == {"raw_customers", "raw_orders", "later"}
    assert not list((tmp_path / "cache").rglob("*.duckdb"))


def test_the_state_of_another_machine_has_the_folder_of_a_relative_database(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", "data/shop.duckdb")
    (repository / "dbt/shop/data").mkdir()
    (repository / "dbt/shop/data/.gitkeep").touch()
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a folder for the database")
    project = DgProject(tmp_path / "dg")
    project.write_component(
        project={"repo_url": f"file://{repository}", "repo_relative_path": "dbt/shop"}
    )
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "build"))
    project.refresh()
    monkeypatch.setenv("DBT_COMPONENT_DATA_DIR", str(tmp_path / "production"))
    monkeypatch.setenv("DBT_COMPONENT_CACHE_DIR", str(tmp_path / "cache"))
    outcome = run(project.load(), dg.AssetSelection.assets("raw_customers"))
    assert outcome.success, outcome.failure
    (folder,) = working_folders()
    assert tables_in(folder / "data/shop.duckdb") == {"raw_customers"}
