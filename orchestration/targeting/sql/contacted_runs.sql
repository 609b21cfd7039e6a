{# Runs of lists, from a day on, that had contacts. #}
select distinct
    list_name,
    list_run_date
from {{ relations.contacts }}
where list_run_date >= {{ since | day }}
