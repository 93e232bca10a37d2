"""The call flows: one file for each, read like the sentence that describes it."""
