"""Subscriptions: polls, what is pending, what failed and when it is tried again."""
