"""What a search leaves on disk, and what it must be equal to when it is taken up."""
