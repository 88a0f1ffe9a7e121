"""Values as people read them: numbers, times, parameters, lists of words."""
