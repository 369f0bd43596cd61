"""Processes, listeners and the one handler."""
