"""Larger models on torch, for a GPU or a patient CPU. Nothing here imports torch before a model is loaded."""
