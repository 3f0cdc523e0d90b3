"""Importers: a notebook that comes without `case.yaml`, read as the tool meant that it is made for.

A module for each tool behind one contract; `choose` picks by the content. May depend on the case
format's records, and runs nothing.
"""
