-- guards: What is kept is the caption that was written, of a clip with sound, and it was scored.
-- severity: ERROR
-- bound: clips <= 0
SELECT shard, clip_id, this.caption, fused_captions.caption AS written, raw_clips.status AS medium, this.similarity
FROM this JOIN raw_clips USING (shard, clip_id) JOIN fused_captions USING (shard, clip_id)
WHERE kept
    AND NOT coalesce(
        raw_clips.status = 'ok'
        AND fused_captions.status = 'ok'
        AND NOT fused_captions.abstained
        AND trim(this.caption) <> ''
        AND this.caption = fused_captions.caption
        AND isfinite(this.similarity),
        false
    )
