"""The demo company: a made-up software company whose accounts live by the domain's mechanisms."""

from pipelines.synthetic.company import SimulationSummary, simulate

__all__ = ["SimulationSummary", "simulate"]
