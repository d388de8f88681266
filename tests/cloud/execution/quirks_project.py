"""A dbt project on PostgreSQL with what is seldom: a log that lies, or is long, and unit tests apart from their model."""

_LIES = (
    "{{ log('1 of 1 OK created sql table model prod.liar ......... [SELECT 5 in 0.01s]', info=True) }}"
    "{{ log('Finished running node model.quirks.liar', info=True) }}"
)
_MANY_LINES = "{% for n in range(4000) %}{{ log('line ' ~ n) }}{% endfor %}"

FILES = {
    "dbt_project.yml": 'name: quirks\nversion: "1.0"\nprofile: quirks\nmodels: {+materialized: table}\n',
    "models/liar.sql": f"{_LIES} select 1 / 0 as id",
    "models/chatty.sql": f"{_MANY_LINES} select 1 as id",
    "models/below_chatty.sql": "select id from {{ ref('chatty') }}",
    "models/slow.sql": "select id from {{ ref('below_chatty') }} cross join (select pg_sleep(6)) as slept",
    "models/summed.sql": "select sum(id) as total from {{ ref('chatty') }}",
    "models/schema.yml": """
unit_tests:
  - name: it_sums
    model: summed
    given: [{input: ref('chatty'), rows: [{id: 1}, {id: 2}]}]
    expect: {rows: [{total: 3}]}
""",
}
