"""From what a user has (a folder, a list of files, a table of segments) to rows of the table `Manifest`.

Nothing here writes: rows come back whole or not at all, and `shards` gives them a place.
"""

from fusionaudio_assets.ingest.collect import Collected, collect, collect_files
from fusionaudio_assets.ingest.records import clip_id, merge
from fusionaudio_assets.ingest.scan import MEDIA_SUFFIXES

__all__ = ["MEDIA_SUFFIXES", "Collected", "clip_id", "collect", "collect_files", "merge"]
