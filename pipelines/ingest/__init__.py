"""``check`` and what ``build`` reads: the company's tables held against the contract."""
