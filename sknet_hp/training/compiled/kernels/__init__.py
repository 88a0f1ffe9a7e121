"""What trainings consist of beside the layers: batches, losses, updates, the loop."""
