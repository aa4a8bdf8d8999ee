"""What a run would do and how long it would take, told before anything runs."""

from fusionaudio_assets.forecast.causes import Cause
from fusionaudio_assets.forecast.lake import Forecast, StageForecast, forecast
from fusionaudio_assets.forecast.pace import Seconds
from fusionaudio_assets.forecast.rows import Rows

__all__ = ["Cause", "Forecast", "Rows", "Seconds", "StageForecast", "forecast"]
