"""Partners and files: what they say, made into the words of the domain."""
