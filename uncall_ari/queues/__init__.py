"""Queues: who waits, which agents are free, who gets whom. Pure: the clock is an argument, nothing here waits."""

from uncall_ari.queues.agents import State
from uncall_ari.queues.desk import BUSY, Desk, Offer, Waiting
from uncall_ari.queues.rules import Member, Rules, Strategy
from uncall_ari.queues.views import AgentView, QueueView

__all__ = ["BUSY", "AgentView", "Desk", "Member", "Offer", "QueueView", "Rules", "State", "Strategy", "Waiting"]
