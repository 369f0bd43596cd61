"""A provider inside the process: scripts of canonical events, written in YAML, that need no key and no network."""
