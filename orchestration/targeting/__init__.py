"""Target lists: from a YAML definition over catalogued tags to a file for one channel.

Here belong the expression language, list definitions, their runs and their export. What a tag means is said by the warehouse
(models/marts/tags), and read by `orchestration.catalog`; when lists run and which table holds what is told from outside.
"""
