"""Tables: read, checked, and made a problem that can be learned."""
