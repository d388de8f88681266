"""The platform's connection to PostgreSQL, and the profile it makes of it for a run."""

from dataclasses import asdict, dataclass
from pathlib import Path

import yaml


@dataclass(frozen=True)
class PostgresConnection:
    host: str
    port: int
    user: str
    password: str
    dbname: str

    def write_profile(
        self, folder: Path, *, profile: str, target: str, schema: str, threads: int
    ) -> None:
        """Writes profiles.yml with this one target."""
        output = {"type": "postgres", **asdict(self), "schema": schema, "threads": threads}
        content = {profile: {"target": target, "outputs": {target: output}}}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "profiles.yml").write_text(yaml.safe_dump(content))
