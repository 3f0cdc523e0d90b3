"""Runs the runner as its own process, as `casebook runner` does; the argument is its settings."""

import sys

from config.settings import Settings
from notebooks.kernels.runner.server import main

if __name__ == "__main__":
    main(Settings.model_validate_json(sys.argv[1]))
