"""Where a report goes and what it says there: a folder, a mail, a chat."""
