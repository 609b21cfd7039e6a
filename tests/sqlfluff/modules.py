import datetime  # noqa: F401  what dbt lets Jinja use
import re  # noqa: F401
