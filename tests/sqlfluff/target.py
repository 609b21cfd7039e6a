"""Stand-in for dbt's target."""

database = "telco360"
