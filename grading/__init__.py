"""Judgement: case preparation, probes, comparison, verdicts, feedback, points and deliveries.

Knows attempts and cases, and no LTI term. Depends on notebooks, llm and config.
"""
