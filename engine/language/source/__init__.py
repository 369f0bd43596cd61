"""Generated Python: what often runs is written as source that does what its closures do, and compiled.

The closures are the reference. A property test holds both equal for whatever comes in.
"""
