"""Commands of the `torouter` program, one file each."""
