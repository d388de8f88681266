{# The share of rows that meet a condition, as a percentage with two decimals. #}
{% macro percentage(condition) -%}
    round(100.0 * count(*) filter (where {{ condition }}) / nullif(count(*), 0), 2)::numeric(5, 2)
{%- endmacro %}
