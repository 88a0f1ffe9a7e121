"""What a score owes to its seed."""

# Its files, of which each knows those before it: variance, seeding, result, repeat.
