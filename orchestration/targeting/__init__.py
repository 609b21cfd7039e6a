"""Target lists: from a YAML definition over catalogued tags to a file for one channel.

Here belong the tag catalogue as Python sees it, the expression language, list definitions and their export. What a tag means is
said by the warehouse (models/marts/tags); when lists run and which table holds what is told from outside, by dbt meta.
"""
