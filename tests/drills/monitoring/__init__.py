"""Drills of the watch: faults put into the demo company's tables, and quiet weeks."""
