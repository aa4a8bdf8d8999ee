"""A server that fails: on one clip it costs that clip, on everything it stops the stage."""

from collections.abc import Sequence
from typing import Any

import pytest

from fusionaudio_assets.captioning.cues import Cues
from fusionaudio_assets.fused_captions import STAGE as FUSION
from fusionaudio_assets.fused_captions import FusionParams
from fusionaudio_assets.qa_pairs import STAGE as QUESTIONS
from fusionaudio_assets.qa_pairs import QaParams
from fusionaudio_assets.stage import Job, Models, Row, Stage
from fusionaudio_assets.stage.isolate import compute_isolated
from resources.endpoint import Endpoint
from resources.errors import ClipError, ModelUnavailable
from resources.profile import Settings
from tests.captioning import clips
from tests.contracts.chat_server import MODEL, Answer, serving

CAPTIONS = {
    "Thunder rumbles while rain falls.": clips.RAIN_AND_THUNDER,
    "A dog barks in wind.": clips.SPEECH_AND_DOG_SEEN,
}
WRITERS: list[Any] = [
    pytest.param(FUSION, FusionParams(), id="fused_captions"),
    pytest.param(QUESTIONS, QaParams(ask_model=True), id="qa_pairs"),
]


def written(stage: Stage[Any, Any], params: Settings, url: str) -> Sequence[Row | ClipError]:
    jobs = [_job(number, caption, cues) for number, (caption, cues) in enumerate(CAPTIONS.items())]
    models = Models(writer=Endpoint(base_url=url, model=MODEL, max_retries=0, timeout_s=1.0))
    return list(compute_isolated(stage, jobs, models, params))


def _job(number: int, caption: str, cues: Cues) -> Job:
    return Job(f"{number:04d}", {"caption": caption, "cues": cues.model_dump(mode="json"), "left_out": []})


@pytest.mark.parametrize(
    "fault", [Answer(status=500), Answer(status=429), Answer(wait_s=5)], ids=["500", "429", "hang"]
)
@pytest.mark.parametrize(("stage", "params"), WRITERS)
def test_on_one_clip_it_costs_that_clip_until_the_next_run(
    stage: Stage[Any, Any], params: Settings, fault: Answer
) -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        return fault if "thunder" in body["messages"][-1]["content"].lower() else Answer("no JSON")

    with serving(answer) as server:
        thunder, dog = written(stage, params, server.url)
    assert isinstance(thunder, ClipError)
    assert not thunder.permanent
    assert isinstance(dog, dict)


@pytest.mark.parametrize(
    "fault",
    [Answer(status=500), Answer(status=429), Answer(wait_s=5), Answer(cut=True)],
    ids=["500", "429", "hang", "cut"],
)
@pytest.mark.parametrize(("stage", "params"), WRITERS)
def test_on_everything_it_stops_the_stage(stage: Stage[Any, Any], params: Settings, fault: Answer) -> None:
    with serving(lambda *_: fault) as server, pytest.raises(ModelUnavailable):
        written(stage, params, server.url)


@pytest.mark.parametrize(("stage", "params"), WRITERS)
def test_when_it_is_not_there_it_stops_the_stage(stage: Stage[Any, Any], params: Settings) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        written(stage, params, "http://127.0.0.1:9/v1")
