"""A self-hosted LLM gateway whose knowledge of every protocol is YAML."""

__version__ = "0.1.0"
