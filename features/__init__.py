"""What was knowable about an account on a day.

``from features import FeatureGroup`` is the public line for a company's own features.
"""

from features.declaration.group import FeatureGroup

__all__ = ["FeatureGroup"]
