"""Sound files: the recordings that clients upload, and the prompts that come with the product."""
