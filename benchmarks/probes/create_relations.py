"""Creates the relations that a project builds, without dbt. Runs in an environment with DuckDB.

Usage: ``create_relations.py DATABASE NAMES``; NAMES is a JSON file: ``{"kind": "view", "names": [...]}``
"""

import json
import sys
from pathlib import Path

import duckdb


def main() -> None:
    database, names_file = sys.argv[1:3]
    wanted = json.loads(Path(names_file).read_text())
    with duckdb.connect(database) as connection:
        connection.execute("begin")
        for name in wanted["names"]:
            connection.execute(f'create {wanted["kind"]} "{name}" as select 1 as id')
        connection.execute("commit")


if __name__ == "__main__":
    main()
