"""The weekly page for CS leadership: what it says, each section in a file of its own."""
