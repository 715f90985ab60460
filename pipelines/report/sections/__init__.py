"""The sections of the weekly report, a file each."""
