"""The search behind `tune`: its candidates, its networks, and how far it is."""
