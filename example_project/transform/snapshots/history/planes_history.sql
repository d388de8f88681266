{% snapshot planes_history %}

{{
    config(
        target_schema=target.schema ~ '_history',
        unique_key='tail_number',
        strategy='check',
        check_cols=['manufacturer', 'model', 'engine_count', 'engine_type', 'seat_count']
    )
}}

select * from {{ ref('stg_planes') }}

{% endsnapshot %}
