"""For every rule a way to spoil a clip so that it is broken: a rule without one fails the tests."""

from fusionaudio_assets.checks.rules import COMMON
from tests.checks.shards import CLAIM, DURATION_S, Shard, Spoil

NAN = float("nan")
NUMBERS = [
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][i % 10] + str(i) for i in range(150)
]


def edit(asset: str, **columns: object) -> Spoil:
    """Replace columns of a row."""

    def spoil(shard: Shard, clip: int) -> None:
        shard.edit(asset, clip, **columns)

    return spoil


def item(asset: str, column: str, **fields: object) -> Spoil:
    """Replace fields of the first item of a list."""

    def spoil(shard: Shard, clip: int) -> None:
        shard.item(asset, clip, column, **fields)

    return spoil


def skip(asset: str, reason: str = "no_caption") -> Spoil:
    """Make a row a skipped one."""
    return edit(asset, status="skipped", reason=reason)


def fail(asset: str, reason: str) -> Spoil:
    """Make a row a failed one."""
    return edit(asset, status="failed", reason=reason, detail=f"{reason} for a test")


def no_row(shard: Shard, clip: int) -> None:
    """Take the row away."""
    gone = shard.rows["manifest"][clip]["clip_id"]
    shard.rows["tags"] = [row for row in shard.rows["tags"] if row["clip_id"] != gone]


def row_twice(shard: Shard, clip: int) -> None:
    """Give a clip two rows."""
    shard.rows["tags"].append(shard.rows["tags"][clip])


def row_of_no_clip(shard: Shard, clip: int) -> None:
    """Give a row to a clip that is not in the manifest."""
    shard.rows["tags"].append(shard.rows["tags"][clip] | {"clip_id": f"unknown {clip}"})


def label_kept_less(shard: Shard, clip: int) -> None:
    """Drop a clip that alone has a label: call it on half of the clips."""
    shard.edit("raw_clips", clip, labels=[{"name": "Rain", "quality": 1.0}])
    shard.edit("filtered_dataset", clip, kept=False, drop_reasons=["low_similarity"])


def caption(text: str | None) -> Spoil:
    """Write another caption."""
    return edit("fused_captions", caption=text)


def transcript(text: str) -> Spoil:
    """Write another transcript."""
    return edit("transcripts", text=text)


def pair(**fields: object) -> Spoil:
    """Change the first question, a multiple choice."""
    return item("qa_pairs", "pairs", **fields)


def open_pair(question: str, answer: str) -> Spoil:
    """Ask something else."""
    return pair(question=question, answer=answer, format="open")


LEAK = {"kind": "visual", "text": "red", "detail": "a colour cannot be heard"}
UNSUPPORTED = CLAIM | {"supported": False, "support": 0.0, "by": []}
DROPPED = edit("filtered_dataset", kept=False, drop_reasons=["low_similarity"])

CASES: dict[tuple[str, str], list[Spoil]] = {
    (COMMON, "one_row_per_clip"): [no_row, row_twice, row_of_no_clip],
    (COMMON, "reasons_told"): [edit("tags", status="failed"), edit("tags", reason="corrupt")],
    (COMMON, "failures_on_good_media"): [fail("tags", "model_error"), fail("tags", "corrupt")],
    (COMMON, "drift_of_outcomes"): [fail("tags", "model_error"), skip("tags", "silent")],
    (COMMON, "drift_of_content"): [
        edit("tags", tags=[{"label": "Rain", "score": 0.9}]),
        edit("tags", tags=[]),
        edit("tags", speech_s=0.0),
        edit("tags", music_s=0.0),
    ],
    (COMMON, "fingerprints"): [edit("tags", fingerprint=""), edit("tags", fingerprint="F" * 64)],
    (COMMON, "library_versions"): [edit("tags", libraries="onnxruntime 1.24.0")],
    (COMMON, "models_named"): [edit("tags", model=None), edit("tags", model="")],
    ("raw_clips", "failures_on_good_media"): [fail("raw_clips", "model_error")],
    ("raw_clips", "broken_media"): [fail("raw_clips", "truncated"), fail("raw_clips", "missing")],
    ("raw_clips", "mostly_broken_media"): [fail("raw_clips", "unreadable")],
    ("raw_clips", "sound_stored"): [
        edit("raw_clips", duration_s=0.0),
        edit("raw_clips", duration_s=NAN),
        edit("raw_clips", duration_s=None),
        edit("raw_clips", audio_file=None),
        edit("raw_clips", audio_sha256="no hash"),
        edit("raw_clips", channels=None),
        edit("raw_clips", sample_rate_hz=None),
    ],
    ("raw_clips", "levels"): [
        edit("raw_clips", peak_db=None),
        edit("raw_clips", peak_db=NAN),
        edit("raw_clips", peak_db=20.0),
        edit("raw_clips", loudness_lufs=-90.0),
        edit("raw_clips", loudness_lufs=NAN),
        edit("raw_clips", peak_db=-40.0, loudness_lufs=-20.0),
    ],
    ("raw_clips", "silent_clips"): [edit("raw_clips", peak_db=-120.0, loudness_lufs=None)],
    ("raw_clips", "segment_durations"): [
        edit("raw_clips", start_s=30.0, end_s=38.0),
        edit("raw_clips", start_s=None, end_s=8.0),
    ],
    ("tags", "complete_rows"): [
        edit("tags", tags=None),
        edit("tags", events=None),
        edit("tags", segments=None),
        edit("tags", stretches=None),
        edit("tags", music_score=None),
        edit("tags", speech_s=None),
    ],
    ("tags", "scores_in_range"): [
        item("tags", "tags", score=1.5),
        item("tags", "tags", score=NAN),
        item("tags", "tags", score=None),
        item("tags", "events", score=-0.1),
    ],
    ("tags", "labels_in_audioset"): [
        item("tags", "tags", label="Barking dog"),
        item("tags", "tags", label=None),
        item("tags", "events", label="barking"),
    ],
    ("tags", "segment_kinds"): [item("tags", "segments", kind="noise"), item("tags", "segments", kind=None)],
    ("tags", "times_inside_clip"): [
        item("tags", "segments", end_s=DURATION_S + 1),
        item("tags", "segments", start_s=5.0, end_s=4.0),
        item("tags", "segments", start_s=-1.0),
        item("tags", "segments", end_s=None),
        item("tags", "stretches", end_s=DURATION_S + 1),
        item("tags", "events", spans=[{"start_s": 0.0, "end_s": 11.0}]),
        item("tags", "events", spans=[{"start_s": NAN, "end_s": 11.0}]),
    ],
    ("tags", "seconds_of_voice"): [edit("tags", speech_s=12.0), edit("tags", music_s=NAN)],
    ("tags", "untagged_clips"): [edit("tags", tags=[], events=[])],
    ("stems", "complete_rows"): [
        edit("stems", vocals_file=None),
        edit("stems", vocals_sha256=None),
        edit("stems", vocal_share=None),
        edit("stems", residual_db=NAN),
    ],
    ("stems", "same_length_as_mixture"): [
        edit("stems", num_samples=440998),
        edit("stems", num_samples=None),
        edit("stems", sample_rate_hz=22050, num_samples=220500),
    ],
    ("stems", "residuals"): [edit("stems", residual_db=9.0), edit("stems", residual_db=-80.0)],
    ("stems", "one_sided_separations"): [edit("stems", vocal_share=0.0), edit("stems", vocal_share=1.0)],
    ("transcripts", "complete_rows"): [
        edit("transcripts", confident=None),
        edit("transcripts", text=None),
        edit("transcripts", text=" "),
        edit("transcripts", words=None),
    ],
    ("transcripts", "repetitions"): [
        transcript("Thank you. " * 6),
        transcript("and so on " * 5),
        transcript("Well then, " + "I will see you there, " * 6),
        transcript("谢谢观看" * 6),
    ],
    ("transcripts", "words_per_second"): [transcript(" ".join(NUMBERS)), transcript(" ".join(NUMBERS[:33]))],
    ("transcripts", "text_without_speech"): [
        edit("tags", speech_s=0.0),
        edit("tags", speech_s=None),
        edit("transcripts", speech_s=0.0),
    ],
    ("transcripts", "times_inside_clip"): [
        item("transcripts", "words", end_s=DURATION_S + 2),
        item("transcripts", "words", start_s=2.0),
        item("transcripts", "words", start_s=None),
        item("transcripts", "segments", end_s=NAN),
    ],
    ("transcripts", "low_confidence"): [edit("transcripts", confident=False)],
    ("sound_captions", "empty_descriptions"): [
        edit("sound_captions", description=None),
        edit("sound_captions", description=" "),
    ],
    ("music_captions", "empty_descriptions"): [edit("music_captions", description="")],
    ("music_captions", "only_where_music"): [
        edit("tags", music_s=0.0, music_score=0.01),
        edit("tags", music_s=None, music_score=None),
    ],
    ("music_captions", "tempos"): [edit("music_captions", tempo_bpm=1000.0), edit("music_captions", tempo_bpm=NAN)],
    ("music_captions", "scores_in_range"): [
        item("music_captions", "genres", score=-1.0),
        item("music_captions", "instruments", score=NAN),
        item("music_captions", "raw", label=None),
    ],
    ("visual_captions", "empty_descriptions"): [edit("visual_captions", description="")],
    ("visual_captions", "only_where_pictures"): [
        edit("raw_clips", num_frames=0),
        edit("raw_clips", frames_file=None),
    ],
    ("visual_captions", "times_inside_clip"): [
        item("visual_captions", "frames", time_s=DURATION_S + 5),
        item("visual_captions", "frames", time_s=NAN),
    ],
    ("visual_captions", "scores_in_range"): [
        item("visual_captions", "frames", labels=[{"label": "dog", "score": 2.0}]),
        item("visual_captions", "frames", labels=[{"label": "", "score": 0.5}]),
    ],
    ("fused_captions", "caption_or_abstention"): [
        caption(None),
        caption(" "),
        edit("fused_captions", abstained=None),
        edit("fused_captions", author=None),
        edit("fused_captions", abstained=True, abstain_reason="no cue is sure"),
        edit("fused_captions", caption=None, abstained=True, abstain_reason=None),
    ],
    ("fused_captions", "short_captions"): [caption("Music."), caption("A dog.")],
    ("fused_captions", "long_captions"): [caption("A dog barks and " * 40)],
    ("fused_captions", "duplicate_captions"): [caption(" A dog barks at a cat."), caption("a Dog barks at a cat.")],
    ("fused_captions", "not_english"): [
        caption("Ein Hund bellt und im Hintergrund ist eine ruhige Musik mit Klavier zu hören."),
        caption("Un chien aboie et une musique calme est jouée dans le fond."),
        caption("Un perro ladra y en el fondo se oye una canción."),
        caption("一只狗在叫，背景中有平静的音乐。"),
        caption("Собака лает, и играет спокойная музыка."),
        caption("Köpek havlıyor, arka planda sakin müzik çalıyor, birisi konuşuyor, yağmur yağıyor."),
    ],
    ("fused_captions", "refusals_and_leftovers"): [
        caption("I'm sorry, but I cannot listen to audio."),
        caption("As an AI language model I have no ears."),
        caption("Sure! A dog barks."),
        caption("Here is the caption: A dog barks."),
        caption("Caption: A dog barks."),
        caption("Based on the tags, a dog barks."),
        caption("<think>a dog</think> A dog barks."),
        caption('{"caption": "A dog barks."}'),
        caption("The given transcript shows that a dog barks."),
        caption("A dog barks. Let me know if you need more."),
    ],
    ("fused_captions", "markup"): [
        caption("<b>A dog</b> barks."),
        caption("**A dog** barks."),
        caption("A dog barks. See https://example.org for more."),
        caption("A dog\nbarks."),
        caption("A dog\x00 barks."),
        caption("A dog barks\ufffd."),
        caption("A dog &amp; a cat."),
        caption("- A dog barks."),
        caption("1. A dog barks."),
    ],
    ("fused_captions", "abstentions"): [edit("fused_captions", caption=None, abstained=True, abstain_reason="why")],
    ("fused_captions", "leaks"): [edit("fused_captions", leaks=[LEAK])],
    ("fused_captions", "unsupported_claims"): [
        edit("fused_captions", claims=[UNSUPPORTED]),
        edit("fused_captions", claims=[CLAIM | {"supported": None}]),
    ],
    ("fused_captions", "claims_out_of_place"): [
        caption("🐕 A dog barks while a calm song plays."),
        edit("fused_captions", claims=[CLAIM | {"end": 12}]),
        edit("fused_captions", claims=[CLAIM | {"start": None}]),
    ],
    ("caption_scores", "complete_rows"): [
        edit("caption_scores", similarity=NAN),
        edit("caption_scores", similarity=None),
        edit("caption_scores", similarity=1.5),
        edit("caption_scores", scorer=None),
    ],
    ("caption_scores", "every_caption_scored"): [
        skip("caption_scores"),
        caption(None),
    ],
    ("caption_scores", "one_scorer"): [edit("caption_scores", scorer="clap")],
    ("caption_scores", "degenerate_scores"): [edit("caption_scores", similarity=0.5)],
    ("qa_pairs", "complete_rows"): [
        edit("qa_pairs", pairs=None),
        edit("qa_pairs", num_pairs=4),
        edit("qa_pairs", num_pairs=None),
    ],
    ("qa_pairs", "empty_pairs"): [open_pair("", "A dog"), open_pair("What is heard?", "."), pair(question=None)],
    ("qa_pairs", "duplicate_questions"): [open_pair(" can you hear a Dog?", "A dog is heard.")],
    ("qa_pairs", "answers_in_questions"): [
        open_pair("Is it a dog barking that is heard?", "A dog, barking."),
        open_pair("Which sound does rain make here?", "Rain"),
    ],
    ("qa_pairs", "options"): [
        pair(answer="a cat"),
        pair(options=["a dog"]),
        pair(options=["a dog", "a dog"]),
        pair(options=None),
    ],
    ("qa_pairs", "yes_or_no"): [pair(format="yes_no", answer="Maybe"), pair(format="yes_no", answer=None)],
    ("qa_pairs", "clips_without_pairs"): [edit("qa_pairs", pairs=[], num_pairs=0)],
    ("filtered_dataset", "kept_without_reason_against"): [
        edit("filtered_dataset", kept=False),
        edit("filtered_dataset", kept=None),
        edit("filtered_dataset", drop_reasons=["low_similarity"]),
        edit("filtered_dataset", drop_reasons=None),
    ],
    ("filtered_dataset", "kept_captions"): [
        edit("filtered_dataset", caption=None),
        edit("filtered_dataset", caption="Another one than was written."),
        edit("filtered_dataset", similarity=NAN),
        fail("raw_clips", "truncated"),
        fail("fused_captions", "model_error"),
        edit("fused_captions", abstained=True),
    ],
    ("filtered_dataset", "kept_leaks"): [edit("fused_captions", leaks=[LEAK])],
    ("filtered_dataset", "kept_unsupported_claims"): [edit("fused_captions", claims=[UNSUPPORTED])],
    ("filtered_dataset", "kept_duplicates"): [edit("filtered_dataset", caption="A Dog barks at a cat. ")],
    ("filtered_dataset", "survivors"): [DROPPED],
    ("filtered_dataset", "dropped_clips"): [DROPPED],
    ("filtered_dataset", "label_balance"): [label_kept_less],
}
"""Ways to spoil a clip, by folder and name of the rule; rules of every stage are shown on `tags`."""
