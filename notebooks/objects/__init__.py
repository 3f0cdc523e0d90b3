"""The object store: bytes under keys, behind one protocol with one contract suite.

Depends on nothing but the file system; knows nothing of what is stored.
"""

from notebooks.objects.files import FileSystemStore
from notebooks.objects.store import ObjectInfo, ObjectStore

__all__ = ["FileSystemStore", "ObjectInfo", "ObjectStore"]
