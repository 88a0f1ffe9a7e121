"""Pure functions of resources and numbers: brackets, exploring."""
