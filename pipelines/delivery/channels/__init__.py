"""One module a channel, named after the ``to`` of its section; its ``send`` delivers a report."""
