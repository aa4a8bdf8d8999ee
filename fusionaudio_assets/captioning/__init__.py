"""Pure text logic of captions: cues, prompts, composing, support. No Dagster, no models of its own."""
