"""What a run does by other statements on each engine: DuckDB and Spark, behind one protocol, and the choice between them.

What is asked of an engine belongs to whoever asks; what is judged by the answers, to `orchestration.quality`.
"""
