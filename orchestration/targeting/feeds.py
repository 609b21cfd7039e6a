"""The feed of each channel on which customers come by: a file a night with what to say to each line.

What the rows say is `channel_view`'s; how files look and get where they belong is for `files`.
"""

from datetime import date

from orchestration.base import audit
from orchestration.base.settings import Home
from orchestration.base.sql import identifiers
from orchestration.engines.tables import Tables
from orchestration.targeting.channel_view import CHANNELS, VIEW_MEANINGS, create_view
from orchestration.targeting.file_title import FileTitle
from orchestration.targeting.files import Written, write_files

FORMATS = ("parquet", "csv")
FED = {"hotline": "热线", "store": "营业厅", "web": "网上营业厅", "app": "手机营业厅"}
"""Channels on which the customer comes by, each with a feed of its own, by their Chinese names."""


def write_feeds(tables: Tables, home: Home, as_of: date, run_date: date, publication: str) -> dict[str, Written]:
    """Writes the feed of each channel of FED into the exports of the run date, as each of FORMATS, and its manifest. Gives what
    was written, by channel. Raises FileError, naming the feed, for what cannot be written."""
    create_view(tables, home, as_of, run_date)
    folder, quiet = home.exports / f"{run_date}", identifiers(f"quiet_{channel}" for channel in CHANNELS)
    written = {}
    for channel, zh in FED.items():
        query = (
            f"select * exclude ({quiet}), quiet_{channel} is not null as do_not_disturb, "
            f"quiet_{channel} as do_not_disturb_reason from channel_view"
        )
        facts = {"channel": channel, "publication": publication, "as_of": as_of.isoformat()}
        title = FileTitle(f"feed_{channel}", f"Feed of {channel}", f"{zh}客户视图", run_date, VIEW_MEANINGS, facts)
        written[channel] = write_files(
            tables.connection, query, f"feed_{channel}_{as_of}_{run_date}", FORMATS, folder, title, ("subscriber_id",)
        )
        audit.record(home, "feed_export", f"feed {channel}, {run_date}", written[channel].rows)
    return written
