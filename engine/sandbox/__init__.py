"""A provider made of scripted canonical events: needs no key."""
