"""Channels: how a carrier's requests become messages, and replies become what a phone shows or says."""
