"""Nothing here is collected without torch, which the extra `gpu` brings: `make test-gpu`."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]
