"""The one seam to the services we call."""
