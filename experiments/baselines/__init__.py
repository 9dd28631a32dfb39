"""What stands beside ours: searches of others, an oracle, an embedding in closed form."""
