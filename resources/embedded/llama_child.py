"""The process that holds the embedded language model: ``python -m resources.embedded.llama_child``.

It reads one line of JSON from standard input, starts llama.cpp's server, prints its address as one line of JSON, and
ends when standard input does: so it goes with its parent, however the parent ends. A process of its own can crash or
hang without taking the run with it. (A death signal from the kernel would not do: it follows the *thread* that started
the child, and a run's threads come and go.)
"""

import json
import os
import sys

import xllamacpp


def main() -> None:
    """Serve until standard input ends."""
    settings = json.loads(sys.stdin.readline())
    params = xllamacpp.CommonParams()
    params.model.path = settings["path"]
    params.model_alias = {settings["model"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # any free one
    params.api_keys = [settings["api_key"]]
    params.n_gpu_layers = 0
    params.n_parallel = settings["slots"]
    params.n_ctx = settings["slots"] * settings["context_tokens"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.ui = False
    params.offline = True
    params.verbosity = 1  # errors alone: the file that takes them lives as long as the server
    server = xllamacpp.Server(params)
    sys.stdout.write(json.dumps({"address": server.listening_address}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)  # nothing to save; an orderly stop would wait for requests that nobody reads


if __name__ == "__main__":
    main()
