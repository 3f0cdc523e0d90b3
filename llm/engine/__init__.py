"""llama.cpp's server as a child process: started, watched, ended. It listens on loopback alone.

Depends on config and `llm.client`, by which it is asked; prompts and feedback know nothing of it.
"""

from llm.engine.options import EngineOptions, Shape
from llm.engine.process import Engine, EngineError

__all__ = ["Engine", "EngineError", "EngineOptions", "Shape"]
