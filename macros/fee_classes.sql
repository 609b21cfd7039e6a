{# Fee classes of the raw contract (billing_fee_codes), in the order of the columns that they give. A test holds both together. #}
{% macro fee_classes() -%}
    {{ return(['rental', 'voice_local', 'voice_long_distance', 'voice_roaming', 'messaging', 'data', 'value_added', 'device',
        'discount', 'other']) }}
{%- endmacro %}
