"""Nothing here is collected without a vLLM to start, which `make test-vllm` names."""

import os

collect_ignore_glob = [] if "FUSIONAUDIO_VLLM_PYTHON" in os.environ else ["test_*.py"]
