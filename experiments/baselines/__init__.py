"""Searches that others published, written from their papers, to stand beside ours."""
