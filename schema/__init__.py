"""Data folder, shipped with the package."""
