"""The doctor: looks at the settings, Asterisk, the database and the machine, and says what is wrong and what helps."""

from uncall_ari.doctor.finding import TITLES, Check, Finding, Level, Words
from uncall_ari.doctor.run import examine

__all__ = ["TITLES", "Check", "Finding", "Level", "Words", "examine"]
