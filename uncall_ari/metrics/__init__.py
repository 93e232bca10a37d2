"""What the engine tells of itself: meters that its parts count with, and a sight of what goes on at this moment."""
