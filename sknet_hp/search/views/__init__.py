"""What people and other tools see of a search that has ended, or still runs."""
