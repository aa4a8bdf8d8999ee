"""The report on the captions of a lake: `survey` counts them, `page` writes what was found for people."""

from fusionaudio_assets.report.page import as_markdown, as_metadata, as_picture
from fusionaudio_assets.report.survey import Report, survey

__all__ = ["Report", "as_markdown", "as_metadata", "as_picture", "survey"]
