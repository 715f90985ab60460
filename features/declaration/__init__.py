"""How a feature or group is declared, checked, tried out and computed."""
