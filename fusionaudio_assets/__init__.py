"""The graph: one file an asset, the stage that runs them, and the text logic of captions."""
