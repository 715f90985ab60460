"""HTTP itself: protocol, bodies, headers, problems."""
