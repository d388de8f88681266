"""A dbt project with two environments in one database: production is built, development is empty."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.equivalence.databases import Database

_FILES = {
    "dbt_project.yml": "{name: shop, version: '1.0', profile: shop, flags: {send_anonymous_usage_stats: false}}",
    "seeds/raw.csv": "id\n1\n",
    # Each relation tells in which environment it was built.
    "models/up.sql": "{{ config(materialized='table') }} select '{{ target.name }}' as built_in",
    "models/between.sql": "{{ config(materialized='ephemeral') }} select built_in from {{ ref('up') }}",
    "models/direct.sql": "{{ config(materialized='table') }} select built_in as read_from from {{ ref('up') }}",
    "models/through.sql": "{{ config(materialized='table') }} select built_in as read_from from {{ ref('between') }}",
    "models/seeded.sql": "{{ config(materialized='table') }} select id from {{ ref('raw') }}",
    "models/aside.sql": "select 1 as one",
    "models/schema.yml": yaml.safe_dump(
        {"models": [{"name": "up", "columns": [{"name": "built_in", "data_tests": ["not_null"]}]}]}
    ),
}


@dataclass
class TwoEnvironments:
    """The project, with the targets ``dev`` and ``prod``, whose schemas have the same names."""

    folder: Path
    database: Database

    def __post_init__(self) -> None:
        self.database.clear()
        output = {**self.database.output(), "threads": 2}
        outputs = {name: {**output, "schema": name} for name in ("dev", "prod")}
        self.write(
            {"profiles.yml": yaml.safe_dump({"shop": {"target": "dev", "outputs": outputs}})}
        )
        self.write(_FILES)

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def dbt(self, *arguments: str, target_path: str = "target") -> str:
        """Runs dbt itself and returns its standard output."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), *arguments],
            cwd=self.folder,
            env={**os.environ, "DBT_TARGET_PATH": target_path, "DBT_PROFILES_DIR": "."},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def build_production(self) -> None:
        """Builds production; its manifest.json is in the folder ``production``."""
        self.dbt("build", "--target", "prod", target_path="production")

    def ls(self, select: str, *arguments: str) -> set[str]:
        """The unique ids that `dbt ls` selects, compared with production."""
        shown = self.dbt(
            "--quiet", "ls", "--select", select, "--state", "production",
            "--output", "json", "--output-keys", "unique_id", *arguments,
        )  # fmt: skip
        return {yaml.safe_load(line)["unique_id"] for line in shown.splitlines()}

    def rows(self, relation: str) -> list[str] | None:
        """The rows of a relation; ``None`` if it does not exist."""
        found = self.database.read_relations().get(relation)
        return None if found is None else found[2:]
