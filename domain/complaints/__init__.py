"""Complaints: a case that somebody answers in time, or the next level hears of it."""
