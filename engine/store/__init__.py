"""What outlives a process: one contract, and a store for each place where it can be kept."""

from .contract import Store, StoredKey, StoreError
from .memory import MemoryStore
from .place import ExistingStore, open_store, state_folder
from .sqlite import SqliteStore

__all__ = [
    "ExistingStore",
    "MemoryStore",
    "SqliteStore",
    "Store",
    "StoreError",
    "StoredKey",
    "open_store",
    "state_folder",
]
