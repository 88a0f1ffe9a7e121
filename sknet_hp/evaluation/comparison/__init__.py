"""Which of two is better, by scores on the same splits."""

# Its files, of which each knows those before it: scored, rope, pair, result, names, evaluate, compare.
