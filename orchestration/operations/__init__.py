"""What keeps a home alive between runs: whether it is in order, what stands in it, copies of it for the day that it is lost."""
