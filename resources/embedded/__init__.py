"""The embedded profile: small offline models, their fetching and their conversion to ONNX."""
