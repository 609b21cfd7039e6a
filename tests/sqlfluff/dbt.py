"""Stand-ins for dbt's cross-database macros, so that sqlfluff can render a model without a database: shape alone matters."""


def date_trunc(part, date):
    return f"date_trunc('{part}', {date})"


def dateadd(part, interval, date):
    return f"date_add({date}, interval ({interval}) {part})"


def datediff(start, end, part):
    return f"date_diff('{part}', {start}, {end})"


def date_spine(part, start, end):
    return f"select date_{part} from range({start}, {end}) as t(date_{part})"


def listagg(measure, delimiter, order_by=""):
    return f"string_agg({measure}, {delimiter} {order_by})"


def escape_single_quotes(text):
    return str(text).replace("'", "''")


def position(part, text):
    return f"position({part} in {text})"


def type_string():
    return "varchar"
