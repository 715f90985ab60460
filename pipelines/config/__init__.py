"""The TOML file of a company: settings, mapping, sections."""
