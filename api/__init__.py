"""The aiohttp facade: the Uncall web methods, declared once, and their renderings."""
