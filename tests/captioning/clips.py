"""Cues of clips as they come: enough of a scene each that an editor can judge the caption."""

from fusionaudio_assets.captioning.cues import Cues, EventCue, LabelCue, MusicCue, SpeechCue, VisualCue

TRANSCRIPT = "please leave your message for John Miller after the tone, it is seven thirty"
SPOKEN = SpeechCue(present=True, language="English", text=TRANSCRIPT)
SEEN = VisualCue(labels=("Samoyed", "park bench"), description="A white dog in a red collar stands on the grass.")


def event(label: str, score: float, *spans: tuple[float, float], implied: tuple[str, ...] = ()) -> EventCue:
    return EventCue(label=label, score=score, spans=spans, implied=implied)


DOG_THEN_HORN = Cues(
    duration_s=10,
    events=(
        event("Bark", 0.9, (0.5, 1.2), (2, 2.5), (3, 3.6), implied=("Animal",)),
        event("Animal", 0.9, (0.5, 3.6)),
        event("Vehicle horn, car horn, honking", 0.8, (6, 8)),
    ),
)
SPEECH_OVER_MUSIC = Cues(
    duration_s=10,
    events=(event("Speech", 0.9, (0, 6)), event("Music", 0.8, (0, 10))),
    speech=SPOKEN,
    music=MusicCue(genres=("ambient",), instruments=("piano", "strings"), moods=("calm",), tempo_bpm=72),
)
SPEECH_AND_DOG_SEEN = Cues(
    duration_s=10,
    events=(event("Speech", 0.9, (0, 9)), event("Bark", 0.7, (3, 4)), event("Wind", 0.6, (0, 10))),
    speech=SPOKEN,
    visual=SEEN,
)
RAIN_AND_THUNDER = Cues(duration_s=10, events=(event("Rain", 0.9, (0, 10)), event("Thunder", 0.7, (4, 6))))
GLASS = Cues(duration_s=3, events=(event("Glass", 0.8, (0, 2)), event("Chink, clink", 0.8, (0, 2))))
MAYBE_FRYING = Cues(duration_s=10, events=(event("Frying (food)", 0.4, (0, 10)),))
SILENCE = Cues(duration_s=5, silent=True, events=(event("Music", 0.4, (0, 5)),))
NOTHING = Cues(duration_s=5)
LABELLED = Cues(
    duration_s=10,
    labels=(LabelCue(name="Helicopter", quality=1.0), LabelCue(name="Dog", quality=0.1)),
    events=(event("Dog", 0.4, (1, 2)),),
)
