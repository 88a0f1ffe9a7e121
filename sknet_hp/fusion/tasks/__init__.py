"""Tasks of joblib calls: what they are given, and the threads that run them."""
