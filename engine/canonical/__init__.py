"""The one form that every protocol decodes to and encodes from."""
