"""What every package needs once: the time, files that appear whole, addresses."""
