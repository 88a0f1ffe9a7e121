"""How concurrent fits become cohorts: the joblib backend "fused" and the engine behind it. Knows training and joblib."""
