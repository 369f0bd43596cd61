"""The closed library of functions that mappings may call."""
