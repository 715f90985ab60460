"""NRR, GRR and seats in the months ahead, with intervals."""
