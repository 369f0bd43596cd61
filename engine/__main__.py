"""`python -m torouter` is the same as `torouter`."""

from .cli import main

if __name__ == "__main__":
    main()
