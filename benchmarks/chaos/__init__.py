"""What becomes of a home when a run is harmed: killed, out of room, shut out, run twice, with its files damaged.

`stage` makes a small home once and runs telco360 on copies of it, `look` says what must hold of a home and what a run came to,
`kills`, `machine`, `damage` and `delivery` hold the harms. `python -m benchmarks.chaos` has each harm done to a copy, looks, runs
again, looks again, and writes a table. Every run is a process of the command line, as on an operator's machine.
"""
