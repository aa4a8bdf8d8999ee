"""The report on the captions of a lake: `survey` counts them, `page` and `metadata` tell what was found."""

from fusionaudio_assets.report.metadata import as_metadata
from fusionaudio_assets.report.page import as_markdown, as_picture
from fusionaudio_assets.report.survey import Report, survey

__all__ = ["Report", "as_markdown", "as_metadata", "as_picture", "survey"]
