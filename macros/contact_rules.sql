{# What decides whether a line may be contacted or put an offer, told once for all models. #}

{# Is a period in force on a day, both of its days counted in? An open end counts as open, and so does an open beginning. #}
{% macro in_force(first_day, last_day, day) -%}
    ({{ first_day }} is null or {{ first_day }} <= {{ day }}) and ({{ last_day }} is null or {{ last_day }} >= {{ day }})
{%- endmacro %}


{# The caps of contact_rules, by name: each allows so many outbound `contacts` in so many `days`, the business date counted in. #}
{% macro contact_caps() -%}
    {{ return({
        'short': {'days': rule('contact_rules', 'short_cap_days'), 'contacts': rule('contact_rules', 'short_cap_contacts')},
        'mid': {'days': rule('contact_rules', 'mid_cap_days'), 'contacts': rule('contact_rules', 'mid_cap_contacts')},
        'long': {'days': rule('contact_rules', 'long_cap_days'), 'contacts': rule('contact_rules', 'long_cap_contacts')},
    }) }}
{%- endmacro %}
