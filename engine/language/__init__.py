"""The mapping language: expressions, text, shapes and stream rules."""
