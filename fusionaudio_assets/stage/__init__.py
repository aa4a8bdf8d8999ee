"""The one way a shard is processed. Everything hard lives here once, so that the stages stay simple."""

from fusionaudio_assets.stage.current import Standing, look
from fusionaudio_assets.stage.plan import Pending, Plan, plan_shard
from fusionaudio_assets.stage.runner import Outcome, progress_listener, run_shard
from fusionaudio_assets.stage.spec import Job, Models, PayloadRef, Row, Skip, Stage, Upstream, Verdict, Work

__all__ = [
    "Job",
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
    "Verdict",
    "Work",
    "look",
    "plan_shard",
    "progress_listener",
    "run_shard",
]
