"""skorch's nets: drop-in ones, the view of a fitted network, callbacks."""
