"""Pictures by matplotlib, after scikit-learn's Display convention, one a file."""
