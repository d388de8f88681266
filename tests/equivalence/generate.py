"""Generates random dbt projects, each a function of its seed and the dbt version.

Every relation has the columns ``id`` and ``val``. Names are unique within a project, so ``--select``
with names matches exactly the named nodes. A node's code does not determine whether it fails: macros look
that up in the table ``ctl.failing`` when the node is compiled or run. So each case can make other nodes
fail without changing the project. Hooks write to ``ctl.log``.
"""

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .databases import SCHEMA

PROJECT = "eq"
PACKAGE = "extra"

CONTROL_STATEMENTS = (
    "create schema ctl",
    "create table ctl.failing (name varchar(200), kind varchar(20))",
    "create table ctl.log (what varchar(4000))",
    "create schema raw",
)

GRAPH_READERS = ("model_macro", "test_macro", "inline_model", "hook_inline", "hook_macro")
FEATURES = (
    "package",
    "versions",
    "snapshots",
    "unit_tests",
    "groups",
    "exposures",
    "metrics",
    "disabled",
    "model_hooks",
    "run_hooks",
    "hook_ref",
    "hidden_ref",
    "contracts",
    "store_failures",
    "microbatch",
)
_LIKELIHOOD = {"metrics": 0.25, "hook_ref": 0.25, "microbatch": 0.0}

_MACROS = """\
{% macro fails(name, kind) %}
  {%- if execute -%}
    {%- set found = run_query(
      "select count(*) from ctl.failing where name = '" ~ name ~ "' and kind = '" ~ kind ~ "'"
    ) -%}
    {%- do return((found.columns[0].values()[0] | int) > 0) -%}
  {%- endif -%}
  {%- do return(false) -%}
{% endmacro %}

{% macro maybe_fail(name) %}
  {%- if fails(name, 'compile') %}{% do exceptions.raise_compiler_error(name ~ ' fails to compile') %}
  {%- elif fails(name, 'sql') %} and id in (select id from ctl.no_such_table)
  {%- endif -%}
{% endmacro %}

{% macro maybe_rows(name) %}
  {%- if fails(name, 'compile') %}{% do exceptions.raise_compiler_error(name ~ ' fails to compile') %}
  {%- elif fails(name, 'sql') %} and n in (select n from ctl.no_such_table)
  {%- elif fails(name, 'rows') %} or 1 = 1
  {%- endif -%}
{% endmacro %}

{% macro fail_hook(name) %}
  {%- if fails(name, 'sql') or fails(name, 'compile') %}select * from ctl.no_such_table
  {%- else %}select 1
  {%- endif -%}
{% endmacro %}

{% macro write_log(what) %}insert into ctl.log values ('{{ what }}'){% endmacro %}

{% macro plus(expression, number) %}{{ expression }} + {{ number }}{% endmacro %}

{% macro graph_census() %}
  {%- if execute -%}
    {%- set parts = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='unique_id') -%}
      {%- do parts.append(node.unique_id ~ '<' ~ node.depends_on.nodes | default([]) | length) -%}
    {%- endfor -%}
    {%- do return(parts | join(' ') ~ ' ' ~ (graph.sources | length) ~ ' ' ~ (graph.exposures | length)
      ~ ' ' ~ (graph.metrics | length)) -%}
  {%- endif -%}
  {%- do return('') -%}
{% endmacro %}

{% macro log_results(results) %}
  {%- if execute -%}
    {%- for result in results -%}
      {%- do run_query(write_log('end ' ~ result.node.unique_id ~ ' ' ~ result.status)) -%}
    {%- endfor -%}
  {%- endif -%}
{% endmacro %}

{% macro log_scope(schemas) %}
  {%- if execute -%}
    {%- do run_query(write_log('schemas ' ~ schemas | sort | join(' '))) -%}
    {%- do run_query(write_log('selected ' ~ selected_resources | sort | join(' '))) -%}
  {%- endif -%}
{% endmacro %}

{% test flaky(model, column_name, label) %}
  select n from (select count(*) as n from {{ model }}) as counted where 1 = 0 {{ maybe_rows(label) }}
{% endtest %}
"""

_MICROBATCH = """\
{{{{ config(
  materialized='incremental', incremental_strategy='microbatch', unique_key='id', event_time='at',
  batch_size='day', begin='2024-01-01'
) }}}}
select id, val + {bump} as val, at from {{{{ ref('{parent}') }}}} where 1 = 1 {{{{ maybe_fail('{name}') }}}}
"""


@dataclass(frozen=True)
class Parent:
    """A relation that a model can select from. ``call`` is the code within the Jinja braces."""

    call: str
    name: str
    kind: str
    materialized: str
    package: str = PROJECT
    group: str | None = None


@dataclass
class GeneratedProject:
    """The files of a project, and the facts about it that cases need."""

    seed: int
    features: frozenset[str]
    graph_reader: str | None
    files: dict[str, str] = field(default_factory=dict)
    failable: dict[str, list[str]] = field(default_factory=dict)
    """Names that the failure macros look up -> their possible kinds of failure."""
    seeds: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    """Statements to run in the empty database, after ``CONTROL_STATEMENTS``."""

    def write(self, folder: Path, output: dict[str, Any], *, threads: int) -> None:
        """Writes the project, with a profile whose target is ``output``."""
        profiles = {PROJECT: {"target": "dev", "outputs": {"dev": {**output, "threads": threads}}}}
        for name, text in {**self.files, "profiles.yml": yaml.safe_dump(profiles)}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __str__(self) -> str:
        reader = f", graph read by {self.graph_reader}" if self.graph_reader else ""
        return f"project {self.seed} ({', '.join(sorted(self.features))}{reader})"


def generate_project(
    seed: int,
    *,
    adapter: str = "duckdb",
    dbt_version: tuple[int, int] = (1, 11),
    without: frozenset[str] = frozenset(),
) -> GeneratedProject:
    """Generates the project of a seed.

    Args:
        seed: Determines the project, together with the other arguments.
        adapter: ``duckdb`` or ``postgres``.
        dbt_version: (major, minor); features that this version lacks are left out.
        without: Features to leave out.
    """
    return _Generator(random.Random(f"project-{seed}"), seed, adapter, dbt_version, without).make()


class _Generator:
    def __init__(
        self,
        rng: random.Random,
        seed: int,
        adapter: str,
        dbt_version: tuple[int, int],
        without: frozenset[str],
    ) -> None:
        self._rng = rng
        self._adapter = adapter
        self._version = dbt_version
        # Each feature draws a random number even if left out, so leaving one out does not change the others.
        features = {f for f in FEATURES if rng.random() < _LIKELIHOOD.get(f, 0.6)} - without
        reader = rng.choice(GRAPH_READERS) if rng.random() < 0.2 else None
        self._graph_reader = None if "graph" in without else reader
        self._features = features
        self._project = GeneratedProject(seed, frozenset(features), self._graph_reader)
        self._parents: list[Parent] = []
        self._yaml: dict[str, list[dict[str, Any]]] = {"models": [], "seeds": [], "snapshots": []}
        self._unit_tests: list[dict[str, Any]] = []
        self._count = 0
        self._graph_read_in_model = False

    def make(self) -> GeneratedProject:
        rng = self._rng
        self._write_file("macros/all.sql", _MACROS)
        for i in range(rng.randint(1, 3)):
            self._add_seed(f"seed{i}")
        self._add_sources(rng.randint(0, 3))
        if "package" in self._features:
            self._add_package()
        depth, width = rng.choice([(3, 3), (4, 2), (5, 2), (8, 1), (10, 1), (2, 5), (4, 3)])
        for layer in range(depth):
            for _ in range(rng.randint(1, width)):
                self._add_model(layer)
            if "snapshots" in self._features and rng.random() < 0.35:
                self._add_snapshot()
        self._add_singular_tests(rng.randint(1, 4))
        if "exposures" in self._features:
            self._add_exposure()
        if "metrics" in self._features:
            self._add_metrics()
        self._write_settings()
        return self._project

    def _write_file(self, path: str, text: str) -> None:
        self._project.files[path] = text

    def _write_yaml(self, path: str, content: dict[str, Any]) -> None:
        self._write_file(path, yaml.safe_dump(content, sort_keys=False))

    def _chance(self, likelihood: float) -> bool:
        return self._rng.random() < likelihood

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count:02d}"

    # What data comes from

    def _add_seed(self, name: str) -> None:
        rng = self._rng
        rows = [f"{i},{rng.randint(0, 20)}" for i in range(1, rng.randint(4, 9))]
        if self._chance(0.3):
            rows.append(rows[0])  # so that `unique` fails
        if self._chance(0.3):
            rows.append(f"{len(rows) + 1},")  # so that `not_null` fails
        self._write_file(f"seeds/{name}.csv", "id,val\n" + "\n".join(rows) + "\n")
        config: dict[str, Any] = {"column_types": {"id": "integer", "val": "integer"}}
        if self._chance(0.5):
            config["pre_hook"] = f"{{{{ fail_hook('{name}') }}}}"
            self._project.failable[name] = ["sql"]
        entry: dict[str, Any] = {"name": name, "config": config}
        self._add_generic_tests(entry, name)
        self._yaml["seeds"].append(entry)
        self._project.seeds.append(name)
        self._parents.append(Parent(f"ref('{name}')", name, "seed", "seed"))

    def _add_sources(self, number: int) -> None:
        if not number:
            return
        tables: list[dict[str, Any]] = []
        for i in range(number):
            name = f"src{i}"
            values = ", ".join(f"({j}, {self._rng.randint(0, 9)})" for j in range(1, 6))
            self._project.setup += [
                f"create table raw.{name} (id integer, val integer)",
                f"insert into raw.{name} values {values}",
            ]
            table: dict[str, Any] = {"name": name}
            self._add_generic_tests(table, name)
            tables.append(table)
            call = f"source('raw', '{name}')"
            self._parents.append(Parent(call, name, "source", "source"))
        source = {"name": "raw", "schema": "raw", "tables": tables}
        self._write_yaml("models/sources.yml", {"version": 2, "sources": [source]})

    # Models and snapshots

    def _pick_parents(self, most: int) -> list[Parent]:
        """Picks distinct parents; later ones are more likely, which makes graphs deep."""
        rng = self._rng
        weights = [1 + 3 * i / len(self._parents) for i in range(len(self._parents))]
        wanted = min(rng.choice([1, 1, 2, 2, 3]), most, len(self._parents))
        picked: dict[str, Parent] = {}
        while len(picked) < wanted:
            parent = rng.choices(self._parents, weights)[0]
            picked[parent.call] = parent
        return list(picked.values())

    def _model_sql(
        self, name: str, parents: list[Parent], bump: int, *, materialized: str, package: str
    ) -> str:
        first, *others = parents
        lines = [f"with base as (select id, val from {{{{ {first.call} }}}})"]
        total = "base.val"
        joins = ""
        for i, parent in enumerate(others):
            lines.append(
                f", p{i} as (select id, max(val) as val from {{{{ {parent.call} }}}} group by id)"
            )
            total += f" + coalesce(p{i}.val, 0)"
            joins += f" left join p{i} on p{i}.id = base.id"
        prefix = f"{PACKAGE}." if package == PACKAGE else ""
        lines.append(
            f", summed as (select base.id, {{{{ {prefix}plus('{total}', {bump}) }}}} as val"
            f" from base{joins})"
        )
        lines.append("select cast(id as integer) as id, cast(val as integer) as val from summed")
        fail = f"{{{{ {'eq.' if prefix else ''}maybe_fail('{name}') }}}}"
        lines.append(f"where 1 = 1 {fail}")
        if materialized == "incremental":
            lines.append(
                "{% if is_incremental() %}"
                "and id > (select coalesce(max(id), 0) - 2 from {{ this }}){% endif %}"
            )
        self._project.failable[name] = ["sql", "compile"]
        return "\n".join(lines) + "\n"

    def _add_model(self, layer: int) -> None:
        rng = self._rng
        name = self._next("m")
        materialized = rng.choices(["view", "table", "incremental", "ephemeral"], [3, 4, 2, 3])[0]
        parents = self._pick_parents(3)
        if "microbatch" in self._features and self._version >= (1, 9) and self._chance(0.15):
            parent = next((p for p in parents if p.kind in ("model", "seed")), None)
            if parent is not None:
                self._add_microbatch(name, parent)
                return
        config: dict[str, Any] = {"materialized": materialized}
        if materialized == "incremental":
            config["unique_key"] = "id"
        is_stored = materialized != "ephemeral"
        if is_stored and self._chance(0.25):
            config["schema"] = rng.choice(["mart", "stage"])
        if "groups" in self._features and self._chance(0.3):
            config["group"] = "crew"
        if self._chance(0.3):
            config["tags"] = ["nightly"]
        self._add_model_hooks(config, name, is_stored=is_stored, parents=parents)
        entry: dict[str, Any] = {"name": name, "config": config}
        bump = rng.randint(0, 5)
        sql = self._model_sql(name, parents, bump, materialized=materialized, package=PROJECT)
        if "hidden_ref" in self._features and self._chance(0.3):
            other = rng.choice([p for p in self._parents if p.materialized != "ephemeral"])
            if other not in parents:
                parents = [*parents, other]
                sql = (
                    f"-- depends_on: {{{{ {other.call} }}}}\n"
                    + sql.rstrip()
                    + (
                        "\n{% if execute %}"
                        + f"and 0 <= (select count(*) from {{{{ {other.call} }}}})"
                        + "{% endif %}\n"
                    )
                )
        if not self._graph_read_in_model or self._chance(0.2):
            sql += self._graph_comment()
        if "contracts" in self._features and is_stored and self._chance(0.3):
            config["contract"] = {"enforced": True}
            config["on_schema_change"] = "append_new_columns"
            entry["columns"] = [
                {"name": "id", "data_type": "integer"},
                {"name": "val", "data_type": "integer"},
            ]
        folder = f"models/layer{layer}"
        is_versioned = "versions" in self._features and self._chance(0.2)
        if is_versioned:
            entry["latest_version"] = 2
            entry["versions"] = [{"v": 1}, {"v": 2}]
            self._write_file(f"{folder}/{name}_v1.sql", sql)
            self._write_file(f"{folder}/{name}_v2.sql", sql + "-- second version\n")
            for call in (f"ref('{name}', v=1)", f"ref('{name}')", f"ref('{name}', v=2)"):
                self._parents.append(Parent(call, name, "model", materialized))
        else:
            self._write_file(f"{folder}/{name}.sql", sql)
            self._parents.append(Parent(f"ref('{name}')", name, "model", materialized))
        if "disabled" in self._features and self._chance(0.15):
            disabled = self._next("off")
            self._write_file(
                f"{folder}/{disabled}.sql",
                f"{{{{ config(enabled=false) }}}} select * from {{{{ {self._parents[-1].call} }}}}",
            )
        self._add_generic_tests(entry, name, is_versioned=is_versioned)
        self._yaml["models"].append(entry)
        if "unit_tests" in self._features and self._chance(0.5):
            self._add_unit_test(name, parents, bump, materialized=materialized)

    def _graph_comment(self) -> str:
        if self._graph_reader == "model_macro":
            self._graph_read_in_model = True
            return "-- {{ graph_census() }}\n"
        if self._graph_reader == "inline_model":
            self._graph_read_in_model = True
            return (
                # Sorted, since the order depends on which files dbt parsed and which came from its cache.
                "-- {% if execute %}{{ graph.nodes | length }}"
                " {{ graph.nodes.values() | map(attribute='name') | sort | join(' ') }}{% endif %}\n"
            )
        return ""

    def _add_model_hooks(
        self, config: dict[str, Any], name: str, *, is_stored: bool, parents: list[Parent]
    ) -> None:
        if "model_hooks" not in self._features or not is_stored:
            return
        if self._chance(0.3):
            config["pre_hook"] = [f"{{{{ write_log('pre {name}') }}}}"]
        if self._chance(0.3):
            config["post_hook"] = ["insert into ctl.log values ('post {{ this.identifier }}')"]
        if self._chance(0.2):
            others = [p for p in parents if p.materialized != "ephemeral"]
            if others:
                call = self._rng.choice(others).call
                config.setdefault("post_hook", []).append(
                    "insert into ctl.log select 'rows ' || cast(count(*) as varchar(20))"
                    f" from {{{{ {call} }}}}"
                )

    def _add_microbatch(self, name: str, parent: Parent) -> None:
        timed = f"{name}_timed"
        self._write_file(
            f"models/{timed}.sql",
            "{{ config(materialized='table', event_time='at') }}\n"
            "select id, val, cast('2024-01-01' as timestamp) + id * interval '1 day' as at"
            f" from {{{{ {parent.call} }}}}\n",
        )
        self._write_file(f"models/{name}.sql", _MICROBATCH.format(name=name, parent=timed, bump=1))
        self._project.failable[name] = ["sql", "compile"]
        for each in (timed, name):
            entry: dict[str, Any] = {"name": each}
            self._add_generic_tests(entry, each)
            self._yaml["models"].append(entry)
            self._parents.append(Parent(f"ref('{each}')", each, "model", "table"))

    def _add_snapshot(self) -> None:
        name = self._next("snap")
        parent = self._rng.choice(self._parents)
        self._write_file(
            f"snapshots/{name}.sql",
            f"{{% snapshot {name} %}}\n"
            f"{{{{ config(target_schema='{SCHEMA}_snap', unique_key='id', strategy='check',"
            " check_cols=['val']) }}\n"
            f"select id, max(val) as val from {{{{ {parent.call} }}}}\n"
            f"where 1 = 1 {{{{ maybe_fail('{name}') }}}} group by id\n"
            "{% endsnapshot %}\n",
        )
        self._project.failable[name] = ["sql", "compile"]
        entry: dict[str, Any] = {"name": name}
        self._add_generic_tests(entry, name)
        self._yaml["snapshots"].append(entry)
        self._parents.append(Parent(f"ref('{name}')", name, "snapshot", "snapshot"))

    # Tests

    def _test_config(self) -> dict[str, Any]:
        config: dict[str, Any] = {"severity": "warn" if self._chance(0.3) else "error"}
        if "store_failures" in self._features and self._chance(0.3):
            config["store_failures"] = True
            config["schema"] = "failures"
        return config

    def _add_generic_tests(
        self, entry: dict[str, Any], name: str, *, is_versioned: bool = False
    ) -> None:
        if not self._chance(0.65):
            return
        rng = self._rng
        tests: list[dict[str, Any]] = []
        for kind in rng.sample(
            ["not_null", "unique", "accepted_values", "relationships", "flaky", "flaky"],
            rng.randint(1, 3),
        ):
            label = self._next(f"t_{kind}_{name}_")
            arguments: dict[str, Any] = {"config": self._test_config()}
            if not is_versioned:  # the versions' tests would write to one file
                arguments["name"] = label
            if kind == "accepted_values":
                arguments |= {"values": [1, 2, 3, 4, 5, 6, 7, 8], "quote": False}
            elif kind == "relationships":
                targets = [p for p in self._parents if p.name != name]
                if not targets:
                    continue
                arguments |= {"to": rng.choice(targets).call, "field": "id"}
            elif kind == "flaky":
                arguments["label"] = label
                self._project.failable[label] = ["rows", "rows", "sql", "compile"]
            tests.append({kind: arguments})
        columns = entry.setdefault("columns", [{"name": "id"}])
        columns[0]["data_tests"] = tests

    def _add_singular_tests(self, number: int) -> None:
        for _ in range(number):
            name = self._next("single")
            parents = self._pick_parents(3)
            counts = " + ".join(f"(select count(*) from {{{{ {p.call} }}}})" for p in parents)
            census = "-- {{ graph_census() }}\n" if self._graph_reader == "test_macro" else ""
            self._write_file(
                f"tests/{name}.sql",
                f"{{{{ config(severity='{'warn' if self._chance(0.3) else 'error'}') }}}}\n{census}"
                f"select n from (select {counts} as n) as counted\n"
                f"where 1 = 0 {{{{ maybe_rows('{name}') }}}}\n",
            )
            self._project.failable[name] = ["rows", "rows", "sql", "compile"]

    def _add_unit_test(
        self, name: str, parents: list[Parent], bump: int, *, materialized: str
    ) -> None:
        given: list[dict[str, Any]] = []
        summed = {p.call for p in parents}
        for i, parent in enumerate(parents):
            value = 10 if i == 0 else 1
            row: dict[str, Any]
            if parent.materialized == "ephemeral" or self._chance(0.2):
                row = {"format": "sql", "rows": f"select 1 as id, {value} as val"}
            else:
                row = {"rows": [{"id": 1, "val": value}]}
            given.append({"input": parent.call, **row})
        # A parent whose rows are only counted does not add to the sum.
        sql = self._latest_sql(name)
        added = sum(1 for p in parents[1:] if f"max(val) as val from {{{{ {p.call} }}}}" in sql)
        assert summed
        expected = 10 + added + bump + (1 if self._chance(0.2) else 0)
        test: dict[str, Any] = {
            "name": self._next(f"u_{name}_"),
            "model": name,
            "given": given,
            "expect": {"rows": [{"id": 1, "val": expected}]},
        }
        if materialized == "incremental":
            is_incremental = self._chance(0.5)
            test["overrides"] = {"macros": {"is_incremental": is_incremental}}
            if is_incremental:
                given.append({"input": "this", "rows": [{"id": 2, "val": 0}]})
        self._unit_tests.append(test)

    def _latest_sql(self, name: str) -> str:
        return next(
            text
            for path, text in reversed(list(self._project.files.items()))
            if path.endswith((f"/{name}.sql", f"/{name}_v1.sql"))
        )

    # Everything else

    def _add_package(self) -> None:
        folder = f"dbt_packages/{PACKAGE}"
        self._write_yaml("packages.yml", {"packages": [{"local": f"vendored/{PACKAGE}"}]})
        settings: dict[str, Any] = {
            "name": PACKAGE,
            "version": "1.0.0",
            "config-version": 2,
            "models": {PACKAGE: {"+schema": "shared"}},
        }
        if "run_hooks" in self._features:
            settings["on-run-end"] = "insert into ctl.log values ('end of package')"
        package_files = {
            "dbt_project.yml": yaml.safe_dump(settings),
            "macros/plus.sql": (
                "{% macro plus(expression, number) %}"
                "{{ adapter.dispatch('plus', 'extra')(expression, number) }}{% endmacro %}\n"
                "{% macro default__plus(expression, number) %}"
                "{{ expression }} + {{ number }}{% endmacro %}\n"
            ),
        }
        added: list[Parent] = []
        for materialized in ("table", "ephemeral", "view"):
            name = self._next("x")
            parents = self._pick_parents(2)
            sql = self._model_sql(name, parents, 1, materialized=materialized, package=PACKAGE)
            package_files[f"models/{name}.sql"] = (
                f"{{{{ config(materialized='{materialized}') }}}}\n{sql}"
            )
            call = f"ref('{name}')" if self._chance(0.5) else f"ref('{PACKAGE}', '{name}')"
            added.append(Parent(call, name, "model", materialized, package=PACKAGE))
        # A package can't refer to the root project's nodes with a package name, but plain names resolve.
        self._parents.extend(added)
        for path, text in package_files.items():
            self._write_file(f"{folder}/{path}", text)
            self._write_file(f"vendored/{PACKAGE}/{path}", text)

    def _add_exposure(self) -> None:
        refs = [p.call for p in self._parents if p.kind == "model" and p.package == PROJECT][-2:]
        if refs:
            exposure = {
                "name": "board",
                "type": "dashboard",
                "owner": {"name": "someone", "email": "someone@example.com"},
                "depends_on": refs,
            }
            self._write_yaml("models/exposures.yml", {"version": 2, "exposures": [exposure]})

    def _add_metrics(self) -> None:
        """A semantic model, a metric and a saved query: three kinds of node that depend on models."""
        parent = self._rng.choice(
            [p for p in self._parents if p.kind == "model" and "v=" not in p.call]
        )
        self._write_file(
            "models/facts.sql",
            "{{ config(materialized='table') }}\nselect id, val, cast('2024-01-01' as date) as day"
            f" from {{{{ {parent.call} }}}}\n",
        )
        self._write_file(
            "models/metricflow_time_spine.sql",
            "{{ config(materialized='table') }}\nselect cast('2024-01-01' as date) as date_day\n",
        )
        content = {
            "version": 2,
            "semantic_models": [
                {
                    "name": "facts_semantics",
                    "model": "ref('facts')",
                    "defaults": {"agg_time_dimension": "happened_on"},
                    "entities": [{"name": "fact", "type": "primary", "expr": "id"}],
                    "dimensions": [
                        {
                            "name": "happened_on",
                            "expr": "day",
                            "type": "time",
                            "type_params": {"time_granularity": "day"},
                        }
                    ],
                    "measures": [{"name": "total_val", "agg": "sum", "expr": "val"}],
                }
            ],
            "metrics": [
                {
                    "name": "total",
                    "label": "Total",
                    "type": "simple",
                    "type_params": {"measure": "total_val"},
                }
            ],
            "saved_queries": [
                {"name": "totals", "query_params": {"metrics": ["total"], "group_by": []}}
            ],
            "models": [
                {
                    "name": "metricflow_time_spine",
                    "time_spine": {"standard_granularity_column": "date_day"},
                    "columns": [{"name": "date_day", "granularity": "day"}],
                }
            ],
        }
        if self._version < (1, 9):
            del content["models"]
        self._write_yaml("models/semantics.yml", content)

    def _run_hooks(self) -> dict[str, list[str]]:
        hooks: dict[str, list[str]] = {"on-run-start": [], "on-run-end": []}
        if "run_hooks" in self._features:
            hooks["on-run-start"].append("insert into ctl.log values ('start')")
            hooks["on-run-end"] += ["{{ log_results(results) }}", "{{ log_scope(schemas) }}"]
        stored = [p for p in self._parents if p.kind == "model" and p.materialized == "table"]
        if stored and "hook_ref" in self._features:
            call = self._rng.choice(stored).call
            hooks["on-run-end"].append(
                f"insert into ctl.log select 'hook ' || cast(count(*) as varchar(20))"
                f" from {{{{ {call} }}}}"
            )
        if self._graph_reader == "hook_inline":
            hooks["on-run-end"].append(
                "insert into ctl.log values ('nodes {{ graph.nodes | length }}')"
            )
        if self._graph_reader == "hook_macro":
            hooks["on-run-end"].append("{{ write_log(graph_census()) }}")
        return {key: value for key, value in hooks.items() if value}

    def _write_settings(self) -> None:
        if self._graph_reader not in ("model_macro", "test_macro", "hook_macro"):
            # Any macro that mentions `graph` prevents slicing.
            text = self._project.files["macros/all.sql"]
            start = text.index("{% macro graph_census")
            end = text.index("{% macro log_results")
            self._project.files["macros/all.sql"] = text[:start] + text[end:]
        settings: dict[str, Any] = {
            "name": PROJECT,
            "version": "1.0.0",
            "config-version": 2,
            "profile": PROJECT,
            "flags": {"send_anonymous_usage_stats": False},
            **self._run_hooks(),
        }
        self._write_yaml("dbt_project.yml", settings)
        for key, entries in self._yaml.items():
            if entries:
                self._write_yaml(f"{key}/{key}.yml", {"version": 2, key: entries})
        if self._unit_tests:
            content = {"version": 2, "unit_tests": self._unit_tests}
            self._write_yaml("models/unit_tests.yml", content)
        if "groups" in self._features:
            group = {"name": "crew", "owner": {"email": "crew@example.com"}}
            self._write_yaml("models/groups.yml", {"version": 2, "groups": [group]})


def describe(project: GeneratedProject) -> str:
    """The complete project as text, to report a failing case."""
    return json.dumps(project.files, indent=1)
