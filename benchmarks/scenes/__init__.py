"""Clips whose content is known, and what a profile makes of them: how to decide whether a new model is better.

    python -m benchmarks.scenes --sounds FOLDER [--extras FOLDER] [--profile embedded]

Scenes are composed of real sounds, real read speech with its words, real music, and tones and noise made here, at known
levels and times, some with a matching or misleading picture (`catalogue`, `bank`, `synth`, `compose`). The whole
pipeline runs on them, and is scored against what was put in, not against its own opinion: captions by a reading of
their own (`mentions`, `captions`), cues by the usual measures (`signals`), gates and all else in `scoring`.
"""
