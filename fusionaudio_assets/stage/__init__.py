"""The one way a shard is processed. Everything hard lives here once, so that the stages stay simple."""

from fusionaudio_assets.stage.current import Standing, look
from fusionaudio_assets.stage.plan import Pending, Plan, plan_shard
from fusionaudio_assets.stage.runner import Outcome, progress_listener, run_shard
from fusionaudio_assets.stage.spec import Job, JudgedColumn, Models, PayloadRef, Row, Skip, Stage, Upstream, Work

__all__ = [
    "Job",
    "JudgedColumn",
    "Models",
    "Outcome",
    "PayloadRef",
    "Pending",
    "Plan",
    "Row",
    "Skip",
    "Stage",
    "Standing",
    "Upstream",
    "Work",
    "look",
    "plan_shard",
    "progress_listener",
    "run_shard",
]
