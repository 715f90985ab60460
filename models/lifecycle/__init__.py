"""From a trained candidate to the champion: card, comparison, gate."""
