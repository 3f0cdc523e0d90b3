"""llama.cpp's server as a child process: started, watched, ended. It listens on loopback alone.

Depends on config and on nothing else of llm; who asks it speaks through `llm.client`.
"""

from llm.engine.options import EngineOptions, Shape
from llm.engine.process import Engine, EngineError

__all__ = ["Engine", "EngineError", "EngineOptions", "Shape"]
