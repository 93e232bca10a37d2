"""Revisions of our tables beside the contract's tasks."""
