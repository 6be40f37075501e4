"""What Gantry costs, measured against the budgets of its design. See README.md."""
