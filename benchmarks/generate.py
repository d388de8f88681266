"""Generates dbt projects; the same plan gives the same project on every machine."""

import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LAYERS = {"flat": 5, "deep": 25}
"""Shape -> number of layers."""
PROJECT_NAME = "generated"
TESTS_PER_MODEL = 2
_SOURCES_PER_MODEL = 0.3


@dataclass(frozen=True)
class ProjectPlan:
    """The contents of a generated project.

    Attributes:
        models: Number of models, at least one for each layer.
        shape: A key of ``LAYERS``.
        materialized: dbt's materialization of all models.
    """

    models: int
    shape: str
    materialized: str = "view"

    @property
    def label(self) -> str:
        return f"{self.shape}-{self.models}"

    @cached_property
    def model_names(self) -> list[str]:
        """All models, parents first."""
        return [f"m_{position:05}" for position in range(self.models)]

    @cached_property
    def source_names(self) -> list[str]:
        return [f"s_{position:05}" for position in range(int(self.models * _SOURCES_PER_MODEL))]

    def layer_of(self, position: int) -> int:
        return position * LAYERS[self.shape] // self.models

    @cached_property
    def parents(self) -> list[list[str]]:
        """Names of each model's parents, by position.

        One parent is from the previous layer and one from any earlier layer; they may coincide. The first
        layer has none.
        """
        chosen = random.Random(f"{self.shape}-{self.models}")
        starts: dict[int, int] = {}
        for position in range(self.models):
            starts.setdefault(self.layer_of(position), position)
        found: list[list[str]] = []
        for position in range(self.models):
            layer = self.layer_of(position)
            if layer == 0:
                found.append([])
                continue
            near = chosen.randrange(starts[layer - 1], starts[layer])
            far = chosen.randrange(starts[layer])
            found.append([self.model_names[parent] for parent in sorted({near, far})])
        return found

    @cached_property
    def one_model(self) -> str:
        """A model in the middle of the graph."""
        return self.model_names[self.models // 2]

    def some_models(self, share: float) -> list[str]:
        """A share of the models, evenly spread over the layers; at least one."""
        count = max(1, round(self.models * share))
        return [self.model_names[index * self.models // count] for index in range(count)]


def write_project(folder: Path, plan: ProjectPlan, *, database: Path) -> None:
    """Writes a dbt project for DuckDB.

    A model's SQL refers to its parents in a comment: dbt sees the references, but the database computes
    nothing, however deep the graph is.

    Args:
        folder: A folder that does not exist.
        plan: What to write.
        database: The DuckDB file that the project builds in.
    """
    models = folder / "models"
    models.mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(
        f"name: {PROJECT_NAME}\n"
        'version: "1.0.0"\n'
        "config-version: 2\n"
        f"profile: {PROJECT_NAME}\n"
        "flags:\n"
        "  send_anonymous_usage_stats: false\n"
        "models:\n"
        f"  {PROJECT_NAME}:\n"
        f"    +materialized: {plan.materialized}\n"
    )
    (folder / "profiles.yml").write_text(
        f"{PROJECT_NAME}:\n"
        "  target: dev\n"
        "  outputs:\n"
        "    dev:\n"
        "      type: duckdb\n"
        f'      path: "{database.resolve().as_posix()}"\n'
        "      threads: 4\n"
    )
    tables = "".join(f"      - name: {name}\n" for name in plan.source_names)
    (models / "sources.yml").write_text(
        f"sources:\n  - name: raw\n    schema: raw\n    tables:\n{tables}"
    )
    properties: dict[int, list[str]] = {}
    for position, name in enumerate(plan.model_names):
        layer = plan.layer_of(position)
        layer_folder = _layer_folder(models, layer)
        if layer not in properties:
            layer_folder.mkdir()
            properties[layer] = ["models:\n"]
        properties[layer].append(_model_properties(name))
        (layer_folder / f"{name}.sql").write_text(_model_sql(plan, position))
    for layer, lines in properties.items():
        (_layer_folder(models, layer) / "properties.yml").write_text("".join(lines))


def model_path(folder: Path, plan: ProjectPlan, name: str) -> Path:
    """The file to which ``write_project`` wrote a model."""
    layer = plan.layer_of(plan.model_names.index(name))
    return _layer_folder(folder / "models", layer) / f"{name}.sql"


def _layer_folder(models: Path, layer: int) -> Path:
    return models / f"layer_{layer:02}"


def _model_properties(name: str) -> str:
    return (
        f"  - name: {name}\n"
        "    columns:\n"
        "      - name: id\n"
        "        data_tests: [unique, not_null]\n"
    )


def _model_sql(plan: ProjectPlan, position: int) -> str:
    references = [f"{{{{ ref('{parent}') }}}}" for parent in plan.parents[position]]
    if position < len(plan.source_names):
        references.append(f"{{{{ source('raw', '{plan.source_names[position]}') }}}}")
    return "select 1 as id\n" + "".join(f"-- from {reference}\n" for reference in references)
