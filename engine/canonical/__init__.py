"""The canonical model and the services that keep it well formed."""
