"""The demonstrations: `uncall demo` (a whole campaign, checked) and `uncall lab serve` (a service to try out)."""
