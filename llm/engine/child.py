"""The engine's own process: `python -m llm.engine.child`, told what to do on standard input.

It prints one line, its address, once the model is loaded; whatever goes wrong before is the last
line of its standard error. It ends with its parent: when standard input is closed.
"""

import os
import sys

from llm.engine.options import EngineOptions

_LOOPBACK = "127.0.0.1"
_QUIET = 1
"""Verbosity: errors only. Prompts are students' work and belong in no log."""


def main() -> None:
    """Load the model, serve it, and stay until the parent is gone."""
    # Imported here: it takes a second and has to be installed only where models are served.
    import xllamacpp  # type: ignore[import-untyped]  # noqa: PLC0415

    options = EngineOptions.model_validate_json(sys.stdin.readline())
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.model)
    parameters.hostnames = [_LOOPBACK]
    parameters.ui = False
    parameters.port = 0
    parameters.api_keys = [options.key.get_secret_value()]
    parameters.n_parallel = options.slots
    parameters.n_ctx = options.slots * options.slot_tokens
    parameters.n_ubatch = options.batch_tokens
    parameters.cache_ram_mib = options.cache_mib
    parameters.endpoint_metrics = True
    parameters.verbosity = _QUIET
    threads = options.threads or max((os.cpu_count() or 2) - 1, 1)
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(parameters)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()
    # No destructor of the library's: it waits for answers that nobody reads any more.
    os._exit(0)


if __name__ == "__main__":
    main()
