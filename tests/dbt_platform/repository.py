"""The git repository from which the platform clones the dbt project for each run."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_IDENTITY = {
    **{f"GIT_{who}_NAME": "Analyst" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "analyst@example.com" for who in ("AUTHOR", "COMMITTER")},
}
_NOT_SOURCE = shutil.ignore_patterns("target", "logs", "dbt_packages", "*.duckdb", ".user.yml")


class SourceRepository:
    """A repository whose root is the dbt project.

    ``project_dir`` is used as it is if it is the root of a repository. Otherwise its files are copied into
    ``work_dir`` and committed, so later changes reach the platform by ``commit`` alone.
    """

    def __init__(self, project_dir: Path, work_dir: Path) -> None:
        if (project_dir / ".git").exists():
            self.path = project_dir
        else:
            self.path = work_dir / "repository"
            shutil.copytree(project_dir, self.path, ignore=_NOT_SOURCE)
            (self.path / ".gitignore").write_text("target/\nlogs/\ndbt_packages/\n.user.yml\n")
            self._git("init", "-q", "-b", "main")
            self.commit({}, message="The project")

    @property
    def branch(self) -> str:
        return self._git("rev-parse", "--abbrev-ref", "HEAD")

    @property
    def sha(self) -> str:
        return self._git("rev-parse", "HEAD")

    def commit(self, files: Mapping[str, str | None], *, message: str = "A change") -> str:
        """Writes files (``None`` removes one), commits them and returns the commit's sha."""
        for name, text in files.items():
            path = self.path / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", message)
        return self.sha

    def clone(self, folder: Path, *, revision: str | None) -> tuple[str, str]:
        """Clones into ``folder`` and checks out ``revision``, or the current branch.

        Returns:
            What git printed, and the sha that is checked out.

        Raises:
            subprocess.CalledProcessError: There is no such revision.
        """
        shown = self._git("clone", str(self.path), str(folder), cwd=self.path.parent)
        if revision:
            shown += "\n" + self._git("checkout", revision, cwd=folder)
        return shown, self._git("rev-parse", "HEAD", cwd=folder)

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.path,
            env={**os.environ, **_IDENTITY},
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return done.stdout.strip()
