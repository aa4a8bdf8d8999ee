"""What is released: kept clips with their captions, in the formats that people load, with a card that says what it is.

`clips` reads them shard by shard, `survey` counts and hashes them, `formats` writes them, `card` describes them and
`publish` puts the parts together. Memory does not grow with the number of shards.
"""

from fusionaudio_assets.release.publish import FORMATS, Released, publish, write_export

__all__ = ["FORMATS", "Released", "publish", "write_export"]
