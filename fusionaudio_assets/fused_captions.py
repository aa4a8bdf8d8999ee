"""Fused captions: one caption about sound for each clip, or an abstention, with the cues behind every claim."""

from collections.abc import Sequence

import dagster as dg
import langcodes
import polars as pl
from pydantic import Field

from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, MusicCue, SpeechCue, VisualCue
from fusionaudio_assets.captioning.fusion import VERSION, Fused, fuse
from fusionaudio_assets.captioning.prompts import FusionPrompt
from fusionaudio_assets.materialize import materialize, stage_asset
from fusionaudio_assets.stage import Job, Models, Row, Stage, Upstream, Work
from fusionaudio_assets.tables import FusedCaptions, Status
from fusionaudio_assets.voice import COLUMNS, PresenceGate, has_singing, has_speech
from fusionaudio_assets.workspace import LakeResource
from resources.adapter import Json
from resources.language_model import LanguageModel
from resources.ontology import Ontology, load_ontology
from resources.profile import Settings

SILENT_PEAK_DB = -60.0
"""A clip whose highest sample is below this is silent to any listener."""


class FusionGate(PresenceGate):
    """What of the cues reaches fusion."""

    min_event_score: float = Field(0.3, ge=0, le=1, description="Events below this are left out")
    min_brief_event_score: float = Field(0.5, ge=0, le=1, description="The same for events of a single frame")
    brief_event_s: float = Field(0.75, ge=0, description="Events up to this long count as brief")
    min_language_probability: float = Field(0.9, ge=0, le=1, description="From here on the language may be named")


class FusionParams(Settings):
    """How the caption is written."""

    prompt: FusionPrompt = FusionPrompt()


def derive(rows: Upstream, gate: FusionGate, models: Models) -> Work:
    """All cues of the clip, rounded."""
    cues = cues_of(rows, gate, load_ontology())
    return Work({"cues": cues.model_dump(mode="json")}, audio_s=rows["raw_clips"]["duration_s"])


def cues_of(rows: Upstream, gate: FusionGate, ontology: Ontology) -> Cues:
    """Gather the cues from the rows of one clip; a cue whose stage was skipped or failed is absent."""
    clip, tags = rows["raw_clips"], rows["tags"]
    tagged = tags["status"] == Status.OK
    sound = rows["sound_captions"]
    return Cues(
        duration_s=clip["duration_s"],
        labels=tuple(
            LabelCue(name=ontology.display_name(label["name"]), quality=label["quality"])
            for label in clip["labels"] or []
        ),
        events=_events(tags, gate, ontology) if tagged else (),
        sound=(sound["description"] or "") if sound["status"] == Status.OK else "",
        speech=_speech(rows["transcripts"], present=has_speech(tags, gate), gate=gate) if tagged else None,
        singing=tagged and has_singing(tags, gate),
        music=_music(rows["music_captions"]),
        visual=_visual(rows["visual_captions"]),
        silent=clip["peak_db"] <= SILENT_PEAK_DB,
        loudness_lufs=clip["loudness_lufs"],
    )


def _events(tags: Row, gate: FusionGate, ontology: Ontology) -> tuple[EventCue, ...]:
    events = []
    for event in tags["events"]:
        spans = [(span["start_s"], span["end_s"]) for span in event["spans"]]
        brief = sum(end_s - start_s for start_s, end_s in spans) <= gate.brief_event_s
        if event["score"] >= (gate.min_brief_event_score if brief else gate.min_event_score):
            implied = tuple(sorted(ontology.implied(event["label"])))
            events.append(EventCue(label=event["label"], score=event["score"], spans=spans, implied=implied))
    return tuple(events)


def _speech(transcript: Row, *, present: bool, gate: FusionGate) -> SpeechCue:
    heard = transcript["status"] == Status.OK and transcript["confident"]
    sure = heard and transcript["language_probability"] >= gate.min_language_probability
    return SpeechCue(
        present=present,
        language=langcodes.Language.get(transcript["language"]).display_name() if sure else "",
        text=transcript["text"] if heard else "",
    )


def _music(music: Row) -> MusicCue | None:
    if music["status"] != Status.OK:
        return None
    named = {
        kind: tuple(labelled["label"] for labelled in music[kind] or [])
        for kind in ("genres", "instruments", "moods", "vocals")
    }
    return MusicCue(**named, tempo_bpm=music["tempo_bpm"], description=music["description"] or "")


def _visual(visual: Row) -> VisualCue | None:
    if visual["status"] != Status.OK:
        return None
    seen = dict.fromkeys(label["label"] for frame in visual["frames"] or [] for label in frame["labels"])
    return VisualCue(labels=tuple(seen), description=visual["description"] or "")


def write(jobs: Sequence[Job], models: Models, params: FusionParams) -> list[Row]:
    """Write a caption for each clip."""
    clips = [Cues.model_validate(job.inputs["cues"]) for job in jobs]
    return [caption_row(fused) for fused in fuse(clips, models.of("writer", LanguageModel), params.prompt)]


def caption_row(fused: Fused) -> Row:
    """Columns of one caption."""
    return {
        "caption": fused.caption or None,
        "ambiguities": list(fused.ambiguities),
        "modalities": list(fused.modalities),
        "author": fused.author,
        "abstained": fused.abstained,
        "abstain_reason": fused.abstain_reason or None,
        "claims": [{"text": c.text, "supported": c.supported, "by": list(c.by)} for c in fused.claims],
        "leaks": [{"kind": leak.kind, "text": leak.text, "detail": leak.reason} for leak in fused.leaks],
        "draft": fused.draft or None,
        "draft_rejected": fused.draft_rejected or None,
        "prompt_tokens": fused.prompt_tokens,
        "completion_tokens": fused.completion_tokens,
    }


def also(params: FusionParams) -> dict[str, Json]:
    """The text logic and the prompt decide the caption as well."""
    return {"captioning": VERSION, "prompt_sha256": params.prompt.sha256}


STAGE = Stage(
    name="fused_captions",
    table=FusedCaptions,
    version="1",
    reads={
        "raw_clips": ("duration_s", "labels", "peak_db", "loudness_lufs"),
        "tags": (*COLUMNS, "events"),
        "transcripts": ("text", "language", "language_probability", "confident"),
        "sound_captions": ("description",),
        "music_captions": ("genres", "instruments", "moods", "vocals", "tempo_bpm", "description"),
        "visual_captions": ("frames", "description"),
    },
    derive=derive,
    compute=write,
    models={"writer": LanguageModel},
    gate=FusionGate,
    params=FusionParams,
    also=also,
    batch_size=16,
)


def preview(table: pl.DataFrame) -> str:
    """A few captions as Markdown."""
    rows = table.filter(pl.col("caption").is_not_null()).head(10).select("clip_id", "author", "caption").iter_rows()
    lines = [f"| {clip_id} | {author} | {caption.replace('|', '/')} |" for clip_id, author, caption in rows]
    return "\n".join(["| clip | author | caption |", "|---|---|---|", *lines])


@stage_asset(STAGE, group="captions", kinds={"llm"})
def fused_captions(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Fuse labels and all cues of each clip into one caption about sound, every claim with the cues that support it."""
    return materialize(STAGE, context, lake, preview)
