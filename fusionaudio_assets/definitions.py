"""The whole platform in one screen: assets, job, resources, sensors."""

import dagster as dg

from fusionaudio_assets.checks import check_rules
from fusionaudio_assets.graph import LAKE_ASSETS, STAGE_ASSETS, STAGES, profile_needs
from fusionaudio_assets.materialize import code_version, in_gpu_pool
from fusionaudio_assets.workspace import DEFAULT_PROFILE, LakeResource, Workspace, lake_uri
from resources.lake import Lake
from resources.profile import Profile
from resources.profile_file import profile_text
from sensors.new_clips import IDLE_LOOK_EVERY_S, new_clips_sensor
from sensors.watch import watched

JOB = "caption_clips"
LAKE_JOBS = {"caption_quality": "report_quality", "dataset_release": "release_dataset"}
"""Jobs of the assets over all shards."""


def build_definitions(uri: str) -> dg.Definitions:
    """The definitions for the lake at `uri`; code versions follow from the profile recorded in it.

    Where there is no lake yet, they follow from the default profile, so that the definitions load anywhere.
    """
    profile = _profile(uri)
    profile.check(profile_needs())
    check_rules(STAGES)
    assets = [_under(profile, asset) for asset in STAGE_ASSETS]
    jobs = [
        dg.define_asset_job(
            JOB,
            selection=dg.AssetSelection.assets(*STAGES),
            description="Take a shard from its files to the decision on each clip; what is current is kept.",
        ),
        *(
            dg.define_asset_job(
                LAKE_JOBS[name],
                selection=dg.AssetSelection.assets(name),
                description=asset.get_asset_spec(asset.key).description,
            )
            for name, asset in LAKE_ASSETS.items()
        ),
    ]
    return dg.Definitions(
        assets=[*assets, *LAKE_ASSETS.values()],
        jobs=jobs,
        sensors=[new_clips_sensor(JOB, _look_every_s(uri))],
        resources={"lake": LakeResource(uri=uri)},
        executor=dg.in_process_executor,
    )


def _under(profile: Profile, asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """An asset with what follows from the profile: its code version, and the pool of those that take a GPU."""
    stage = STAGES[asset.key.to_user_string()]
    given = profile.stage(stage.name, stage.profile_needs)
    version = code_version(stage, given)
    pooled = in_gpu_pool(stage.name) if any(model.takes_gpu for model in given.models.values()) else asset
    return pooled.map_asset_specs(lambda spec: spec.replace_attributes(code_version=version))


def _look_every_s(uri: str) -> int:
    lake = Lake(uri)
    settings = watched(lake) if lake.exists else None
    return settings.look_every_s if settings else IDLE_LOOK_EVERY_S


def _profile(uri: str) -> Profile:
    if Lake(uri).exists:
        return Workspace.open(uri).profile
    text, origin = profile_text(DEFAULT_PROFILE)
    return Profile.parse(text, origin=origin)


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the lake that the environment names."""
    return build_definitions(lake_uri())
