"""How the demo company's accounts behave: adoption, commerce, people."""
