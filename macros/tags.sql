{# The tag library as models read it: from the YAML of the models that make tags, with what the model says for all of its tags. #}

{# Every tag of the project as a mapping: its YAML, its column's name, type and description, its model. While dbt only parses, none. #}
{% macro catalogued_tags() -%}
    {%- set tags, tables = [], {} -%}
    {%- for node in (graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') if execute else [])
        if node.config.meta.serves == 'tag_values' -%}
        {%- do tables.update({node.config.meta.entity: node.config.schema ~ '.' ~ node.name}) -%}
    {%- endfor -%}
    {%- for node in (graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') if execute else []) -%}
        {%- set meta = node.config.meta -%}
        {%- for column in node.columns.values() if column.config.meta.tag -%}
            {%- set tag = dict(meta.get('tag_defaults', {}), **column.config.meta.tag) -%}
            {%- set groups = meta.get('groups', {}) -%}
            {%- do tag.update(name=column.name, data_type=column.data_type, description=column.description, model=node.name,
                relation=node.relation_name, entity=meta.entity, category=meta.category, category_zh=meta.category_zh,
                group_zh=groups.get(tag.group), table=tables.get(meta.entity),
                as_of=column.config.meta.as_of or meta.as_of) -%}
            {%- do tags.append(tag) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tags) }}
{%- endmacro %}


{# English label of a tag: the one that its YAML gives, else its name in words. #}
{% macro english_label(tag) -%}
    {%- set words = {'arpu': 'ARPU', 'mou': 'MOU', 'dou': 'DOU', 'vip': 'VIP', 'sms': 'SMS', 'id': 'ID', 'nps': 'NPS', 'os': 'OS', '5g': '5G',
        'offnet': 'off-net', '1d': '(1 day)', '7d': '(7 days)', '28d': '(28 days)', '30d': '(30 days)', '90d': '(90 days)', '3m': '(3 months)',
        '6m': '(6 months)', '12m': '(12 months)', '24m': '(24 months)'} -%}
    {%- set label = [] -%}
    {%- for word in (tag.name or '').replace('on_net', 'on-net').replace('off_net', 'off-net').split('_') -%}
        {%- if not (loop.first and word == 'is' and not loop.last) -%}{%- do label.append(words.get(word, word)) -%}{%- endif -%}
    {%- endfor -%}
    {%- set text = label | join(' ') -%}
    {{ return(tag.label_en or (text[:1] | upper) ~ text[1:]) }}
{%- endmacro %}


{# Does a change of the tag from one build to the next belong in tag_changes? Figures move all the time; the bands over them tell. #}
{% macro is_tracked(tag) -%}
    {{ return(tag.get('tracked', tag.kind != 'number') and tag.status != 'withdrawn') }}
{%- endmacro %}


{# Names of the tags that the months keep, by where they stand: in `model`, or else not in it. #}
{% macro historic_tags(model, is_in) -%}
    {%- set nodes = graph.nodes.values() | selectattr('name', 'equalto', model) | list if execute else [] -%}
    {%- set columns = nodes[0].columns if nodes else {} -%}
    {%- set tags = [] -%}
    {%- for tag in catalogued_tags() if tag.history and (tag.name in columns) == is_in -%}{%- do tags.append(tag.name) -%}{%- endfor -%}
    {{ return(tags) }}
{%- endmacro %}


{# Raw tables of the contract, as the sources files tell them; one that holds nothing while dbt only parses. #}
{% macro raw_tables() -%}
    {%- set tables = [] -%}
    {%- for node in (graph.sources.values() | sort(attribute='name') if execute else []) if node.source_name != 'ledger' -%}
        {%- do tables.append(dict(name=node.name, system=node.source_name, delivery=node.config.meta.delivery,
            required=node.config.meta.required, event_time=node.config.meta.event_time)) -%}
    {%- endfor -%}
    {{ return(tables or [{"name": none}]) }}
{%- endmacro %}


{# Names of the raw tables that a model comes from, over all steps. #}
{% macro raw_tables_of(model) -%}
    {%- set seen, waiting, tables = {}, [], [] -%}
    {%- do waiting.extend(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | selectattr('name', 'equalto', model)
        | map(attribute='unique_id')) -%}
    {#- Jinja's loops do not see a list grow: as many rounds as a chain of models can be long. -#}
    {%- for round in range(50) if waiting -%}
        {%- set now = waiting[:] -%}
        {%- do waiting.clear() -%}
        {%- for id in now if id not in seen -%}
            {%- do seen.update({id: true}) -%}
            {%- if id in graph.sources -%}
                {%- if graph.sources[id].source_name != 'ledger' -%}{%- do tables.append(graph.sources[id].name) -%}{%- endif -%}
            {%- elif id in graph.nodes -%}
                {%- do waiting.extend(graph.nodes[id].depends_on.nodes) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(tables | sort) }}
{%- endmacro %}


{# One row for each of some tags of the relation with the alias `now`: its name, its value there and in that with the alias
   `before`, both as text. #}
{% macro tag_values(tags) -%}
    {{ return(adapter.dispatch('tag_values', 'telco360')(tags)) }}
{%- endmacro %}

{% macro default__tag_values(tags) -%}
    unnest([
        {%- for tag in tags %}
        struct_pack(
            tag_name := '{{ tag }}', old_value := cast(before.{{ tag }} as varchar), new_value := cast(now.{{ tag }} as varchar)
        ){{ "," if not loop.last }}
        {%- endfor %}
    ])
{%- endmacro %}

{% macro spark__tag_values(tags) -%}
    explode(array(
        {%- for tag in tags %}
        named_struct(
            'tag_name', '{{ tag }}', 'old_value', cast(before.{{ tag }} as string), 'new_value', cast(now.{{ tag }} as string)
        ){{ "," if not loop.last }}
        {%- endfor %}
    ))
{%- endmacro %}


{# What descriptions show for the figures that they name, `{churn_rules.second_topup_day}`: seed and row give what the seed says, as
   orchestration/warehouse/figures.py does. A name that no seed has fails the build. While dbt only parses, none. #}
{% macro named_figures(descriptions) -%}
    {%- set figures, by_seed = {}, {} -%}
    {%- for name in modules.re.findall('[{]([^{}\\s.]+[.][^{}\\s]+)[}]', descriptions | select | join(' ')) | unique if execute -%}
        {%- do by_seed.setdefault(name.split('.')[0], []).append(name) -%}
    {%- endfor -%}
    {%- for seed, names in by_seed.items() -%}
        {%- set nodes = graph.nodes.values() | selectattr('resource_type', 'equalto', 'seed') | selectattr('name', 'equalto', seed) | list -%}
        {%- set rows = [] -%}
        {%- for node in nodes -%}
            {%- set figure = 'cast(' ~ node.config.meta.get('ranges_of', 'value') ~ ' as ' ~ dbt.type_string() ~ ')' -%}
            {%- set query = 'select ' ~ (node.columns | first) ~ ', cast(nullif(' ~ figure ~ ", '') as decimal(18, 6)) from "
                ~ node.relation_name -%}
            {%- do rows.extend(run_query(query).rows) -%}
        {%- endfor -%}
        {%- for row in rows if row[1] is not none -%}
            {%- set figure = '{:,f}'.format(row[1]) -%}
            {%- do figures.update({seed ~ '.' ~ row[0]: figure.rstrip('0').rstrip('.') if '.' in figure else figure}) -%}
        {%- endfor -%}
        {%- for name in names if name not in figures -%}
            {{ exceptions.raise_compiler_error('a description names {' ~ name ~ '}, but no seed has such a row with a figure') }}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(figures) }}
{%- endmacro %}


{# A description with the figures that it names. #}
{% macro with_figures(description, figures) -%}
    {%- set told = [description or ''] -%}
    {%- for name, figure in figures.items() -%}{%- do told.append(told[-1] | replace('{' ~ name ~ '}', figure)) -%}{%- endfor -%}
    {{ return(told[-1]) }}
{%- endmacro %}


{# A text literal, or a null of type text. #}
{% macro text(value) -%}
    cast({{ "'" ~ dbt.escape_single_quotes(value) ~ "'" if value else 'null' }} as {{ dbt.type_string() }})
{%- endmacro %}


{# JSON of a list of texts; dbt's own filter would escape all that is not ASCII. #}
{% macro json_list(values) -%}
    {{ return('["' ~ values | join('", "') ~ '"]' if values else none) }}
{%- endmacro %}


{# JSON of a mapping of texts. #}
{% macro json_object(values) -%}
    {%- set pairs = [] -%}
    {%- for key, value in (values or {}).items() -%}{%- do pairs.append('"' ~ key ~ '": "' ~ value ~ '"') -%}{%- endfor -%}
    {{ return('{' ~ pairs | join(', ') ~ '}' if pairs else none) }}
{%- endmacro %}


{# What models have to say where a raw table was never delivered: their `notes`, each a text and the table it waits for. #}
{% macro model_notes() -%}
    {%- set notes = [] -%}
    {%- for node in (graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') if execute else []) -%}
        {%- for note in node.config.meta.get('notes', []) -%}{%- do notes.append(note) -%}{%- endfor -%}
    {%- endfor -%}
    {{ return(notes) }}
{%- endmacro %}


{# The run that builds: the one that the command or the schedule names, else dbt's own. #}
{% macro run_id() -%}
    {{ return(env_var('TELCO360_RUN', '') or invocation_id) }}
{%- endmacro %}
