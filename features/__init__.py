"""What was knowable about an account on a day.

``from features import FeatureGroup, target`` is the public line for a company's own features and
labels.
"""

from features.declaration.group import FeatureGroup
from features.labels.declaration import target

__all__ = ["FeatureGroup", "target"]
