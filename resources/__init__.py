"""Everything outside the graph that an asset uses: media decoding, the lake, model adapters and their weights."""
