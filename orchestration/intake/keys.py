"""Keys that come more than once, looked for by their hashes. What becomes of their rows is validate.py's."""

import duckdb
import numpy as np

KEYS_AT_ONCE = 2**25
"""Hashes, 8 bytes each, that are held in memory at a time."""

_BATCH_ROWS = 131_072


def repeated_hashes(con: duckdb.DuckDBPyConnection, query: str, rows: int) -> np.ndarray:
    """The values of `h`, a column of hashes, that a query of up to so many rows gives more than once.

    None of them proves that no key is repeated; one may also stand for two keys. Sorting numbers takes less than half of what
    grouping them does; where they are many, a share of them is taken at a time.
    """
    shares, found = -(-rows // KEYS_AT_ONCE), [np.empty(0, np.uint64)]
    for share in range(shares):
        reader = con.execute(f"select h from ({query}) where h % {shares} = {share}").to_arrow_reader(_BATCH_ROWS)
        hashes = np.concatenate([found[0], *(batch["h"].to_numpy() for batch in reader)])
        hashes.sort()
        found.append(np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))
    return np.concatenate(found)
