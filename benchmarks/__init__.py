"""Measurements of what the platform costs and what it saves; results stand in `docs/performance.md`."""
