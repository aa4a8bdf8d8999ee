"""What is kept of the tagger's scores."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fusionaudio_assets.tags import TagsParams, clip_tags, event_spans
from resources.ontology import load_ontology
from resources.tagger import TagScores

frames = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40).map(lambda scores: np.array(scores, np.float32))


@given(scores=frames, duration_s=st.floats(0.125, 12, width=32), hop_s=st.floats(0.05, 1))
def test_spans_lie_in_order_inside_the_clip(scores: NDArray[np.float32], duration_s: float, hop_s: float) -> None:
    heard = TagScores(scores[:, None], window_s=2 * hop_s, hop_s=hop_s)
    spans = event_spans(scores, heard, TagsParams(), duration_s)
    times = [time_s for span in spans for time_s in (span["start_s"], span["end_s"])]
    assert times == sorted(times)
    assert all(0 <= time_s <= duration_s for time_s in times)
    assert all(round(time_s, 2) == time_s for time_s in times)


def test_a_span_that_ends_with_the_clip_is_not_rounded_past_it() -> None:
    heard = TagScores(np.ones((1, 1), np.float32), window_s=1.0, hop_s=1.0)
    assert event_spans(heard.scores[:, 0], heard, TagsParams(), 1.238) == [{"start_s": 0.0, "end_s": 1.23}]
    assert event_spans(heard.scores[:, 0], heard, TagsParams(), 0.29) == [{"start_s": 0.0, "end_s": 0.29}]


def test_a_clip_that_was_heard_as_a_whole_scores_by_that() -> None:
    """Windows tell when something is heard, the whole what; a parent still scores at least as its children."""
    classes, ontology = ("Dog", "Bark", "Rain"), load_ontology()
    windows = np.array([[0.0, 0.4, 0.0], [0.0, 0.1, 0.9]], np.float32)
    by_window = clip_tags(TagScores(windows, 1.0, 1.0), classes, ontology, TagsParams(), 2.0)
    assert {tag["label"]: round(tag["score"], 2) for tag in by_window["tags"]} == {"Rain": 0.9, "Dog": 0.4, "Bark": 0.4}
    whole = TagScores(windows, 1.0, 1.0, np.array([0.0, 0.8, 0.05], np.float32))
    by_whole = clip_tags(whole, classes, ontology, TagsParams(), 2.0)
    assert {tag["label"]: round(tag["score"], 2) for tag in by_whole["tags"]} == {"Dog": 0.8, "Bark": 0.8}
    assert [(event["label"], event["spans"]) for event in by_whole["events"]] == [
        ("Bark", [{"start_s": 0.0, "end_s": 1.0}])
    ]


def test_a_wider_class_that_is_surer_makes_an_event_of_its_own() -> None:
    classes, ontology = ("Animal", "Dog", "Bark", "Rain"), load_ontology()
    scores = np.array([[0.9, 0.5, 0.5, 0.0], [0.0, 0.0, 0.0, 0.4]], np.float32)
    found = clip_tags(TagScores(scores, 1.0, 1.0), classes, ontology, TagsParams(), 2.0)
    assert [event["label"] for event in found["events"]] == ["Animal", "Bark", "Rain"]
