"""Pictures of predictions beside the truth, on top of scikit-learn's displays."""
