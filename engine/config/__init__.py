"""From YAML files to a checked project."""
