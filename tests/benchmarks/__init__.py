"""Measurements, each a module to run: a table for people, then one JSON line per figure."""
