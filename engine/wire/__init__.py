"""Bytes to frames and back, without meaning."""
