"""What outlives a process: one contract, and a store for each place where it can be kept."""

from .contract import Bounds, Entry, Store, StoredAnswer, StoredConversation, StoredKey, StoreError
from .memory import MemoryStore
from .place import ExistingStore, open_store, state_folder
from .sqlite import SqliteStore
from .usage import GROUPINGS, UsageRecord, UsageSum

__all__ = [
    "GROUPINGS",
    "Bounds",
    "Entry",
    "ExistingStore",
    "MemoryStore",
    "SqliteStore",
    "Store",
    "StoreError",
    "StoredAnswer",
    "StoredConversation",
    "StoredKey",
    "UsageRecord",
    "UsageSum",
    "open_store",
    "state_folder",
]
