"""Companies cut at a day, scored in the year after, held against what came and against the truth.

``python -m benchmarks.later`` runs it.
"""
