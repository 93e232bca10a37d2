"""The simulator: the product's own pacing and queues on simulated time, beside the rules of others."""

from uncall_ari.simulate.run import Options, Outcome, simulate

__all__ = ["Options", "Outcome", "simulate"]
