"""The one seam to HTTP upstreams."""
