"""The portfolio pages under ``/app``."""
