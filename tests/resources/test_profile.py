"""Profiles: what fits is built, what does not is named with the setting, the value and the way out."""

from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import Field

from fusionaudio_assets.graph import profile_needs
from resources.errors import SettingError
from resources.profile import Profile, Settings, StageNeeds
from resources.profile_file import profile_text, shipped_profiles
from resources.similarity import SimilarityScorer
from resources.tagger import Tagger

SHIPPED_OR_MEASURED = [*shipped_profiles(), str(Path(__file__).parents[2] / "benchmarks" / "stub.yaml")]
YAMNET = "resources.embedded.yamnet.Yamnet"


class Params(Settings):
    threshold: float = Field(0.5, ge=0, le=1)
    mode: Literal["fast", "slow"] = "fast"


class Heard(Settings):
    gate_name: ClassVar[str] = "heard"

    least: float = Field(0.5, ge=0, le=1)


NEEDS = {"stems": StageNeeds(), "tags": StageNeeds(models={"tagger": Tagger}, params=Params)}


def checked(stages: str) -> Profile:
    profile = Profile.parse(f"name: mine\nstages:\n{stages}", origin="mine.yaml")
    profile.check(NEEDS)
    return profile


@pytest.mark.parametrize("name", SHIPPED_OR_MEASURED)
def test_shipped_profiles_fit_the_graph(name: str) -> None:
    text, origin = profile_text(name)
    profile = Profile.parse(text, origin=origin)
    profile.check(profile_needs())
    assert profile.description


def test_what_is_not_said_is_the_default() -> None:
    profile = checked(f"  tags: {{models: {{tagger: {{adapter: {YAMNET}}}}}, params: {{threshold: 0.25}}}}")
    tags = profile.stage("tags", NEEDS["tags"])
    assert tags.params == Params(threshold=0.25, mode="fast")
    assert tags.batch_size == NEEDS["tags"].batch_size
    assert isinstance(tags.models["tagger"], Tagger)


def test_all_stages_go_by_one_gate() -> None:
    profile = Profile.parse("name: n\ngates: {heard: {least: 0.2}}\nstages: {}", origin="mine.yaml")
    needs = {"stems": StageNeeds(gate=Heard), "captions": StageNeeds(gate=Heard), "release": StageNeeds()}
    profile.check(needs)
    assert [profile.stage(name, need).gate for name, need in needs.items()] == [Heard(least=0.2)] * 2 + [Settings()]
    assert Profile.parse("name: n\nstages: {}", origin="o").stage("stems", needs["stems"]).gate == Heard(least=0.5)


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ("{seen: {}}", r"mine.yaml: no gate is called 'seen'. There are: heard."),
        ("{heard: {most: 1}}", r"mine.yaml: gates.heard: there is no setting 'most'"),
        ("{heard: {least: 2}}", r"mine.yaml: gates.heard: least = 2: "),
        ("{heard: 7}", r"mine.yaml: gates.heard = 7: "),
    ],
)
def test_a_gate_that_does_not_fit_is_named(gates: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Profile.parse(f"name: n\ngates: {gates}\nstages: {{}}", origin="mine.yaml").check({"s": StageNeeds(gate=Heard)})


def test_every_gate_of_the_graph_can_be_set() -> None:
    gated = [name for name, need in profile_needs().items() if need.gate.model_fields]
    assert gated == ["stems", "transcripts", "sound_captions", "music_captions", "fused_captions", "qa_pairs"]
    assert {profile_needs()[name].gate.gate_name for name in gated} == {"presence"}


def test_a_profile_of_before_a_stage_came() -> None:
    """Without models its defaults hold; with models the way out is told."""
    old = Profile.parse("name: old\nstages: {}", origin="lake/profile.yaml")
    old.check({"stems": StageNeeds(params=Params)})
    assert old.stage("stems", StageNeeds(params=Params)).params == Params()
    with pytest.raises(
        SettingError, match=r"no section for the stage tags, which needs a model as tagger. Add .*--set"
    ):
        old.check(NEEDS)


def test_the_same_settings_give_the_same_adapter() -> None:
    """So that a model stays loaded from shard to shard."""
    text = f"  tags: {{models: {{tagger: {{adapter: {YAMNET}}}}}}}"
    first, second = (checked(text).stage("tags", NEEDS["tags"]).models["tagger"] for _ in range(2))
    assert first is second


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ("  tags: {}", r"stages.tags.models lacks 'tagger'. Add a line `adapter: ...` for it."),
        ("  tagz: {}", r"no stage is called 'tagz'. There are: stems, tags."),
        ("  stems: {models: {x: {adapter: a.B}}}", r"stages.stems.models has no place for 'x'. It takes: none."),
        ("  stems: {modells: {}}", r"there is no setting 'stages.stems.modells'"),
        ("  stems: {batch_size: 0}", r"stages.stems.batch_size = 0: .*greater than or equal to 1"),
        ("  stems: {gate: {x: 1}}", r"no setting 'stages.stems.gate'. All stages share their gates: .*gates.pre"),
        ("  stems: [1]", r"stages.stems = \[1\]: "),
        (f"  tags: {{models: {{tagger: {{adapter: {YAMNET}}}}}, params: {{threshold: 1.5}}}}", r"threshold = 1.5: "),
        (f"  tags: {{models: {{tagger: {{adapter: {YAMNET}}}}}, params: {{mode: quick}}}}", r"mode = 'quick': "),
        ("  tags: {models: {tagger: {adapter: Yamnet}}}", r"tagger.adapter is 'Yamnet'. Give `module.Class`"),
        ("  tags: {models: {tagger: {adapter: 7}}}", r"tagger.adapter is 7. Give"),
        ("  tags: {models: {tagger: {}}}", r"tagger.adapter is None. Give"),
        ("  tags: {models: {tagger: {adapter: no.such.Thing}}}", r"no.such.Thing cannot be imported: No module named"),
        ("  tags: {models: {tagger: {adapter: resources.tagger.Tager}}}", r"resources.tagger.Tager cannot be imported"),
        ("  tags: {models: {tagger: {adapter: resources.lake.Lake}}}", r"resources.lake.Lake is not a Tagger"),
        (
            f"  tags: {{models: {{tagger: {{adapter: {YAMNET}, loudness: 3}}}}}}",
            r"stages.tags.models.tagger: there is no setting 'loudness'",
        ),
    ],
)
def test_what_does_not_fit_is_named(stages: str, message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        checked(stages)
    assert str(caught.value).startswith("mine.yaml: ")


def test_an_adapter_of_another_kind_is_refused() -> None:
    profile = Profile.parse(f"name: n\nstages: {{s: {{models: {{scorer: {{adapter: {YAMNET}}}}}}}}}", origin="o")
    with pytest.raises(SettingError, match=rf"{YAMNET} is not a SimilarityScorer"):
        profile.check({"s": StageNeeds(models={"scorer": SimilarityScorer})})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: [", r"mine.yaml is not YAML: "),
        ("", r"mine.yaml: the document = None: "),
        ("just text", r"mine.yaml: the document = 'just text': "),
        ("stages: {}", r"mine.yaml: the setting 'name' is missing"),
        ("name: ''\nstages: {}", r"mine.yaml: name = ''"),
        ("name: n", r"mine.yaml: the setting 'stages' is missing"),
        ("name: n\nstages: {}\nversion: 2", r"mine.yaml: there is no setting 'version'"),
        ("!!python/object/apply:os.getpid []", r"mine.yaml is not YAML: "),
    ],
)
def test_what_is_no_profile_is_named(text: str, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        Profile.parse(text, origin="mine.yaml")


def test_a_profile_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"There is no profile 'embeded'. Shipped profiles: .*embedded"):
        profile_text("embeded")
    with pytest.raises(SettingError, match=r"There is no profile '.*/mine.yaml'"):
        profile_text(str(tmp_path / "mine.yaml"))


def test_a_profile_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nstages: {}")
    assert profile_text(str(path)) == ("name: mine\nstages: {}", str(path))
